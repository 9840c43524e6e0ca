#!/bin/sh
# SPDX-License-Identifier: MIT
# ./mh run with input that is no terminal: a shell gets it, and the machine goes off at its end.
. "$(dirname "$0")/lib.sh"
echo 'uname -s; exit 5' | ./mh run --direct --timeout "$limit" >"$work/out" 2>"$work/err"
equal "the script's status" $? 5
equal "the script's output" "$(wc -l <"$work/out")" 1
if [ -r build/boot/BOOTX64.EFI ]; then
    echo 'echo by way of OVMF' | ./mh run --timeout 300 >"$work/out" 2>"$work/err"
    equal "through OVMF and the loader" "$(cat "$work/out")" "by way of OVMF"
fi
