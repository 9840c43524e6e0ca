#!/bin/sh
# SPDX-License-Identifier: MIT
# The runner on a real emulator with the smallest guest: each way to end, streams apart, the dump, the console.
set -u
build=build
make -s $build/host/bin/runner $build/runner-guest.elf >/dev/null || { echo "not ok runner: build"; exit 1; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# guest COMMAND RUNNER-OPTIONS...
guest() {
    word=$1
    shift
    timeout -k 5 120 $build/host/bin/runner run "$@" -- qemu-system-x86_64 -machine q35,accel=tcg -cpu max -m 64M -nodefaults \
        -display none -no-reboot -kernel $build/runner-guest.elf -append "$word" >"$work/out" 2>"$work/err"
}
expect() { # NAME STATUS WANTED-STATUS
    if [ "$2" = "$3" ]; then echo "ok runner $1"; else echo "not ok runner $1: status $2, wanted $3: $(head -5 "$work/err")"; fi
}
contains() { # NAME FILE TEXT
    if grep -qF -- "$3" "$2"; then echo "ok runner $1"; else echo "not ok runner $1: no '$3' in: $(head -5 "$2")"; fi
}
guest e --timeout 60
expect "passes the status through" $? 3
contains "passes standard output" "$work/out" "to stdout"
if [ "$(cat "$work/err")" = "to stderr" ]; then echo "ok runner keeps the log apart"; else echo "not ok runner keeps the log apart"; fi
guest p --timeout 60
expect "knows a panic" $? 126
contains "shows the panic's log" "$work/err" "PANIC: as asked"
guest l --timeout 4
expect "ends a hang" $? 124
contains "gets the dump of a hang" "$work/err" "== end of dump =="
contains "says mh: last" "$work/err" "mh: no end after 4 seconds"
guest o --timeout 60
expect "does not invent a status" $? 125
printf 'hello\004' | guest c --interactive --timeout 60
expect "connects the console" $? 0
contains "echoes what was typed" "$work/out" "hello"
