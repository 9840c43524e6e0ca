#!/bin/sh
# SPDX-License-Identifier: MIT
# The checked flavour of the kernel: it says what was touched wrongly, it lives through each allocation's failure, and ordinary work does not
# touch anything wrongly. `MH_KERNEL=build/check/kernel.elf ./mh test e2e-NAME` runs any other file on it.
. "$(dirname "$0")/lib.sh"
make BUILD=build/check MH_CHECK=1 build/check/kernel.elf >"$work/build" 2>&1 && make -s build/guest/pressure >>"$work/build" 2>&1 || {
    not_ok "the checked kernel can be built" "$(grep -v '^  ' "$work/build" | tail -n 5)"
    exit
}
ok "the checked kernel can be built"
export MH_KERNEL=build/check/kernel.elf

crash() { # NAME KIND WORDS-OF-THE-PANIC-LINE
    machine --timeout 60 --append "crash=$2" -- /bin/true
    status=$?
    if [ $status = 126 ] && grep -q "PANIC: cpu 0: .*$3" "$work/log"; then ok "$1"; else not_ok "$1" "status $status, $(grep -A 3 PANIC "$work/log")"; fi
}
crash "a store behind an item names it" overrun "crash_by_overrun stored 1 bytes .* behind an item: 'heap-48' of 40 bytes, given to crash_by_overrun"
crash "a store to a freed item names who freed it" stale-item "in a freed item: .*freed by crash_by_stale_item"
crash "a load from a freed frame" stale-frame "crash_by_stale_frame loaded 8 bytes .*in a freed frame"
crash "an item freed twice" second-free "free already, freed by crash_by_second_free"
crash "an item freed with another size" wrong-size "as 48 bytes: it has 40, given to crash_by_wrong_size"
crash "a copy that reads too far" copy "crash_by_copy loaded 41 bytes .*behind an item"
crash "locks in descending rank" lock "spinlock of rank .* taken while holding rank"

pressure() { # OPTIONS... -- ARGUMENTS...
    machine --add build/guest/pressure:/bin/pressure "$@"
    status=$?
    grep -a -e '^ok ' -e '^not ok ' "$work/out"
    [ "$(tail -n 1 "$work/out")" = end ] || not_ok "pressure ran to its end: $*" "status $status; $(grep -a -A 16 PANIC "$work/log"); $(tail -n 5 "$work/err")"
}
pressure -- /bin/pressure shortage
pressure --smp 2 -- /bin/pressure processes 300
pressure --smp 2 -- /bin/pressure large
pressure --smp 4 -- /bin/pressure calls 1 6 6 400
inside "ordinary work" --smp 2 <<'END'
same "sorting" "$(seq 1 2000 | sort -rn | head -n 1)" 2000
same "files" "$(cd /tmp; for i in 1 2 3 4 5 6 7 8; do seq $i 100 >f$i; done; cat f* | wc -l; rm f*)" 772
same "many processes at once" "$(for i in 1 2 3 4 5 6 7 8; do (sleep 0.1; echo $i) & done | sort; wait)" "$(seq 1 8)"
END
