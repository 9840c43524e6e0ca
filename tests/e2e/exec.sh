#!/bin/sh
# SPDX-License-Identifier: MIT
# What ./mh exec promises: status, streams, arguments, limits.
. "$(dirname "$0")/lib.sh"

machine -- /bin/true
equal "a command that succeeds" $? 0
machine -- /bin/sh -c 'echo out; echo err >&2; exit 7'
equal "the command's own status" $? 7
equal "standard output" "$(cat "$work/out")" out
equal "standard error, apart from it and from the log" "$(cat "$work/err")" err
machine -- /bin/echo 'a b' '' "it's" '100% "so"' 'ü'
equal "arguments arrive byte for byte" "$(cat "$work/out")" "a b  it's 100% \"so\" ü"
machine -- basename a/b
equal "a command is found by PATH" "$(cat "$work/out")" b
machine -- no-such-command-here
equal "a command that does not exist" $? 127
machine -- /bin/sh -c 'kill -TERM $$'
equal "a command that a signal ends" $? 143
machine --timeout 15 -- /bin/sleep 1000
equal "a command that takes too long" $? 124
if grep -q '== end of dump ==' "$work/err"; then ok "a timeout shows every context"; else not_ok "a timeout shows every context" "$(tail -n 5 "$work/err")"; fi
equal "the last line is mh's" "$(tail -n 1 "$work/err" | cut -c 1-4)" "mh: "
