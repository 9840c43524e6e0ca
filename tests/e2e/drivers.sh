#!/bin/sh
# SPDX-License-Identifier: MIT
# The book's driver (tests/guest/edud): started for its device, woken by its MSI interrupt, and again after it was killed.
. "$(dirname "$0")/lib.sh"
inside "a driver of one's own" --device edu <<'END'
pid() { ps | awk '$3 ~ /^\[?edu/ { print $1 }'; }
computed() { dmesg | grep -c 'edu.*12 factorial is 479001600$'; }
until_computed() { i=0; until [ "$(computed)" -ge $1 ]; do i=$((i + 1)); [ $i -lt 200 ] || return 1; usleep 50000; done; }
check "it was started, and its device interrupts" until_computed 1
old=$(pid)
check "it can be killed" kill -9 $old
check "the next one is interrupted, too" until_computed 2
check "it is another process" test "$(pid)" != $old
END
inside "without its device" <<'END'
same "it does not run" "$(ps | grep -c '\[[e]du')" 0
END
