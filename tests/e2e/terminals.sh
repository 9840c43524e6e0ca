#!/bin/sh
# SPDX-License-Identifier: MIT
# Pseudo-terminals, sessions, job control, waits and signals: one static program, first on the build machine's Linux (is the test
# right?), then inside.
. "$(dirname "$0")/lib.sh"
musl-gcc -static -O1 -w -o "$work/terminals" tests/e2e/terminals.c || {
    not_ok "terminals.c builds" "musl-gcc failed"
    exit
}
timeout 60 "$work/terminals" >"$work/linux" 2>&1
equal "Linux passes the terminal checks" "$(grep -v '^ok' "$work/linux")" "end of terminals"
machine --add "$work/terminals:/bin/terminals" -- /bin/terminals
grep -a -e '^ok ' -e '^not ok ' "$work/out"
equal "the terminal checks end" "$(tail -n 1 "$work/out")" "end of terminals"
