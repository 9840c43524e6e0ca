#!/bin/sh
# SPDX-License-Identifier: MIT
# The personality against Linux's manual pages: tests/guest/posixcheck, on one CPU and on two.
. "$(dirname "$0")/lib.sh"
make -s build/tests/posixcheck >/dev/null || exit 1
for cpus in 1 2; do
    machine --smp $cpus --add build/tests/posixcheck:/bin/posixcheck -- /bin/posixcheck
    status=$?
    grep -a -e '^ok ' -e '^not ok ' "$work/out"
    equal "posixcheck on $cpus CPUs" $status 0
done
