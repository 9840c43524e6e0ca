#!/bin/sh
# SPDX-License-Identifier: MIT
# The native interface, checked from inside by tests/guest/selfcheck.
. "$(dirname "$0")/lib.sh"
for cpus in 1 4; do
    ./mh exec --no-build --smp $cpus --memory 64M --timeout "$limit" --append unit=selfcheck -- /bin/sleep 1000000 >"$work/out" 2>"$work/err" </dev/null
    status=$?
    sed -n "s/^ok /ok $cpus cpu: /p; s/^not ok /not ok $cpus cpu: /p" "$work/out"
    equal "selfcheck's verdict, $cpus cpu" $status 0
done
