#!/bin/sh
# SPDX-License-Identifier: MIT
# Scheduling: tests/guest/schedcheck, on one CPU and on four.
. "$(dirname "$0")/lib.sh"
make -s build/tests/schedcheck >/dev/null || exit 1
for cpus in 1 4; do
    machine --smp $cpus --add build/tests/schedcheck:/bin/schedcheck -- /bin/schedcheck rights others affinity order bound starve balance lock crowd accounts load
    status=$?
    grep -a -e '^ok ' -e '^not ok ' "$work/out"
    equal "schedcheck on $cpus CPUs" $status 0
done
