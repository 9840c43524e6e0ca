#!/bin/sh
# SPDX-License-Identifier: MIT
# Files, terminals and readiness as a static Linux program sees them; tests/guest/calls says what is promised.
. "$(dirname "$0")/lib.sh"
make -s build/guest/calls >/dev/null 2>&1
machine --add build/guest/calls:/tmp/calls -- /tmp/calls
status=$?
grep -a -e '^ok ' -e '^not ok ' "$work/out"
equal "the program's end" $status 0
