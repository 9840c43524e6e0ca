#!/bin/sh
# SPDX-License-Identifier: MIT
# A program that attacks the kernel with instructions, register states and random native calls: it may harm itself only.
. "$(dirname "$0")/lib.sh"
[ -x build/guest/hostile ] || make -s build/guest/hostile >"$work/build" 2>&1 || {
    not_ok "the hostile program can be built" "$(tail -n 3 "$work/build")"
    exit
}
attack() { # NAME OPTIONS... -- ARGUMENTS...
    name=$1
    shift
    machine --add build/guest/hostile:/bin/hostile "$@"
    status=$?
    grep -a -e '^ok ' -e '^not ok ' "$work/out"
    if [ $status = 0 ] && [ "$(tail -n 1 "$work/out")" = "ok the system goes on" ]; then
        ok "the system survives $name"
    else
        not_ok "the system survives $name" "status $status; $(grep -A 16 PANIC "$work/log"); $(tail -n 5 "$work/err")"
    fi
}
attack "instructions" -- /bin/hostile cpu
attack "instructions on two CPUs" --smp 2 -- /bin/hostile cpu
attack "random calls" -- /bin/hostile calls 1 40
attack "random calls on four CPUs" --smp 4 -- /bin/hostile calls 100 40
