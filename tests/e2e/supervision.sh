#!/bin/sh
# SPDX-License-Identifier: MIT
# What init promises when a service dies: one that can be replaced is, one that cannot ends the system in order.
. "$(dirname "$0")/lib.sh"
inside supervision <<'END'
pid_of() { ps | awk -v n="[$1]" '$3 == n { print $1 }'; }
wait_other() { # SERVICE OLD_PID: until it runs under another pid, at most 20 s
    i=0
    while new=$(pid_of $1); [ -z "$new" ] || [ "$new" = "$2" ]; do
        i=$((i + 1)); [ $i -lt 200 ] || return 1
        usleep 100000
    done
}
same "init is process 1" "$(pid_of init)" 1
old=$(pid_of ttyd)
check "a service can be killed" kill -9 $old
check "it is started again" wait_other ttyd $old
check "it serves its terminals again" sh -c 'test "$(stty -F /dev/ttyS0 speed)" -gt 0'
for round in 1 2 3; do old=$(pid_of ttyd); kill -9 $old; wait_other ttyd $old || break; done
check "as often as it takes" stty -F /dev/ttyS0 -a
exec 3<>/dev/ttyS0
old=$(pid_of ttyd); kill -9 $old; wait_other ttyd $old
check "a terminal that was open before is open still" sh -c 'stty speed <&3 && echo x >&3'
exec 3>&-
END
machine -- /bin/sh -c 'kill -9 $(ps | awk "\$3 == \"[vfsd]\" { print \$1 }"); sleep 30'
if grep -q 'init: vfsd is lost' "$work/log"; then ok "the end of vfsd is told"; else not_ok "the end of vfsd is told" "$(tail -n 5 "$work/log")"; fi
if grep -q PANIC "$work/log"; then not_ok "and the machine ends without a panic" "$(grep PANIC "$work/log")"; else ok "and the machine ends without a panic"; fi
machine -- /bin/sh -c 'kill -9 $(ps | awk "\$3 == \"[execd]\" { print \$1 }"); sleep 30'
equal "the end of execd is an end of the machine" $? 125
if grep -q 'init: execd is lost' "$work/log"; then ok "and is told"; else not_ok "and is told" "$(tail -n 5 "$work/log")"; fi
