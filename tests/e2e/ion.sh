#!/bin/sh
# SPDX-License-Identifier: MIT
# The ion shell inside: as a program, and as the console's login shell with job control, completion and history.
. "$(dirname "$0")/lib.sh"
machine -- /bin/ion -c 'let x = 3; echo $((x * 14)) @(echo a b)[1]; sh -c "exit 5"'
equal "ion runs a command inside" "$(cat "$work/out") $?" "42 b 5"
timeout "$limit" python3 tests/e2e/ion_console.py x
