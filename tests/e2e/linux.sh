#!/bin/sh
# SPDX-License-Identifier: MIT
# nolibc-test, the system-call test of Linux's own source, unmodified.
. "$(dirname "$0")/lib.sh"
[ -x build/ports/nolibc-test ] || sh ports/nolibc-test/build.sh >"$work/build" 2>&1 || {
    not_ok "nolibc-test can be built" "$(tail -n 3 "$work/build")"
    exit
}
# Some of its checks want a terminal on standard input.
machine --append stdin=console --add build/ports/nolibc-test:/bin/nolibc-test -- /bin/nolibc-test
status=$?
# `NUMBER NAME args = result   [OK]` or [FAIL] or [SKIPPED]
tr -d '\r' <"$work/out" | awk '/\[(OK|FAIL|SKIPPED)\]/ {
    name = $2
    if (name == "chmod_net") next # Linux itself fails it since 6.2
    if (/\[FAIL\]/) print "not ok nolibc " $1 " " name ": " $0; else print "ok nolibc " $1 " " name }'
[ "$(grep -c '\[OK\]' "$work/out")" -gt 50 ] || not_ok "nolibc-test ran" "status $status: $(tail -n 5 "$work/out") $(tail -n 5 "$work/err")"
