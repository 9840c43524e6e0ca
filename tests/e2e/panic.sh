#!/bin/sh
# SPDX-License-Identifier: MIT
# What a person reads when the kernel breaks a promise, and that nothing is at a guessable address.
. "$(dirname "$0")/lib.sh"

crash() { # NAME KIND WORDS-OF-THE-PANIC-LINE FUNCTION-IN-THE-BACKTRACE
    machine --timeout 30 --log "$work/log" --append "crash=$2" -- /bin/true
    status=$?
    if [ $status = 126 ] && grep -q "PANIC: cpu 0: .*$3" "$work/log" && grep -q "0x[0-9a-f]* $4+0x" "$work/log"; then
        ok "$1"
    else
        not_ok "$1" "status $status, $(grep -A 12 PANIC "$work/log")"
    fi
}
crash "a stray read names the address" read 'the kernel read 0xfffffeff' crash_by_read
crash "kernel text cannot be written" text 'the kernel wrote .*not allowed' crash_by_write_to_text
crash "kernel data cannot be executed" execute 'the kernel executed .*not allowed' crash_if_asked
crash "an addition that overflows" overflow 'undefined behaviour: addition overflow' crash_by_overflow
crash "an index out of bounds" index 'undefined behaviour: index out of bounds' crash_by_index
crash "a call through a pointer of another type" type 'call through a pointer of another type' crash_by_type
crash "a kernel stack that overflows" stack 'kernel stack overflow (guard page' recurse
crash "a function that writes beyond its frame" smash 'wrote beyond its stack frame' crash_by_stack_smash
crash "a broken promise shows its words" assert 'broken promise: 2 + 2 == 5' crash_by_assertion

bases=''
for seed in 1 2 3 4 5 6; do
    machine --seed $seed --log "$work/log" -- /bin/true
    bases="$bases$(sed -n 's/.*kernel at \(0x[0-9a-f]*\).*direct map at \(0x[0-9a-f]*\).*/\1 \2/p' "$work/log")
"
done
equal "six boots, six kernel addresses" "$(echo "$bases" | cut -d ' ' -f 1 | grep . | sort -u | wc -l)" 6
equal "six boots, six direct maps" "$(echo "$bases" | cut -d ' ' -f 2 | grep . | sort -u | wc -l)" 6
machine --seed 6 --log "$work/log" -- /bin/true
equal "the same seed, the same address" "$(sed -n 's/.*kernel at \(0x[0-9a-f]*\).*direct map at \(0x[0-9a-f]*\).*/\1 \2/p' "$work/log")" \
    "$(echo "$bases" | grep . | tail -n 1)"

# The small version of ./mh soak places.
[ -x build/guest/places ] || make -s build/guest/places >/dev/null 2>&1
machine --add build/guest/places:/bin/places -- /bin/places 300
status=$?
grep -a -e '^ok ' -e '^not ok ' "$work/out"
equal "the places of a process's parts" "$status $(tail -n 1 "$work/out")" "0 end"
