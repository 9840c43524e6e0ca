#!/bin/sh
# SPDX-License-Identifier: MIT
# --icount: the same run twice is the same log, byte for byte.
. "$(dirname "$0")/lib.sh"
machine --icount -- /bin/sh -c 'echo $((1 + 1)); ls /bin | wc -l; date'
equal "the first run" $? 0
cp "$work/log" "$work/log1" && cp "$work/out" "$work/out1"
machine --icount -- /bin/sh -c 'echo $((1 + 1)); ls /bin | wc -l; date'
equal "the second run" $? 0
if cmp -s "$work/log" "$work/log1" && cmp -s "$work/out" "$work/out1"; then
    ok "two runs are one"
else
    not_ok "two runs are one" "$(diff "$work/log1" "$work/log" | head -5) $(diff "$work/out1" "$work/out" | head -5)"
fi
