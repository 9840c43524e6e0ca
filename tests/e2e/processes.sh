#!/bin/sh
# SPDX-License-Identifier: MIT
# Processes, signals, waiting, /proc.
. "$(dirname "$0")/lib.sh"
inside processes <<'END'
same "a child's parent" "$(sh -c 'echo $PPID')" $$
check "two hundred processes" sh -c 'i=0; while [ $i -lt 200 ]; do /bin/true || exit 1; i=$((i + 1)); done'
sleep 100 & p=$!; kill $p; wait $p; same "ended by a signal" $? 143
sleep 100 & p=$!; kill -9 $p; wait $p; same "killed" $? 137
sh -c 'trap "exit 3" TERM; while :; do sleep 0.1; done' & p=$!; sleep 0.5; kill $p; wait $p; same "a handler that exits" $? 3
sh -c 'trap "" TERM; kill $$; exit 4'; same "an ignored signal" $? 4
sleep 100 & p=$!; kill -STOP $p; sleep 0.2; same "stopped" "$(sed 's/.*) \(.\).*/\1/' /proc/$p/stat)" T; kill -CONT $p; kill $p; wait $p 2>/dev/null
refuse "kill of nobody" kill -0 99999
same "segmentation fault" "$(sh -c 'kill -SEGV $$'; echo $?)" 139
same "exec keeps the number" "$(sh -c 'echo $$; exec sh -c "echo \$\$"' | uniq | wc -l)" 1
same "an environment is inherited" "$(X=1 sh -c 'sh -c "echo \$X"')" 1
same "the name in /proc" "$(cat /proc/self/comm)" cat
check "ps lists us" sh -c 'ps | grep -q "[s]h"'
check "/proc/self/fd" sh -c 'test -e /proc/self/fd/0'
check "/proc/meminfo" grep -q MemTotal /proc/meminfo
check "/proc/uptime" grep -q . /proc/uptime
same "a user" "$(id -u)" 0
same "another user may not" "$(su nobody -s /bin/sh -c 'id -u; cat /root/x; touch /etc/x' 2>/dev/null)" 65534
same "time limit" "$(timeout 1 sleep 10; echo $?)" 143
same "a pipe between many" "$(echo x | cat | cat | cat | cat | cat | cat | cat | cat)" x
END
inside "two CPUs" --smp 2 <<'END'
same "parallel" "$(for i in 1 2 3 4 5 6 7 8; do (seq 1 2000 | wc -l) & done; wait)" "$(for i in 1 2 3 4 5 6 7 8; do echo 2000; done)"
check "many at once" sh -c 'for i in $(seq 50); do /bin/true & done; wait'
END
