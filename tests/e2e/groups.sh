#!/bin/sh
# SPDX-License-Identifier: MIT
# Groups: who takes too much of memory, contexts or handles gets an error, or ends; neighbours notice nothing; afterwards all is given
# back. And without any limit: the system lives through a fork bomb and a memory hog in 96 MiB.
. "$(dirname "$0")/lib.sh"
make -s build/tests/greedy >/dev/null || exit 1
work_of_groups() {
    cat <<'END'
PATH=$PATH:/tmp
numbers() { limit 2>/tmp/limits; awk '{ printf "%s %s ", $1, $3 }' /tmp/limits; }
echo >/tmp/out; echo >/tmp/limits
before=$(numbers)
same "contexts: a fork bomb stops at the limit" "$(limit --contexts 20 -- greedy forks 100)" "19 children, then Resource temporarily unavailable"
same "contexts: so do threads" "$(limit --contexts 10 -- greedy threads 50)" "9 threads, then Resource temporarily unavailable"
limit --memory 16M -- greedy memory >/tmp/out 2>&1
same "memory: a hog is ended" $? 137
same "memory: within the limit all is well" "$(limit --memory 16M -- greedy memory 12)" "12 MiB"
limit --memory 16M -- limit --memory 64M -- greedy memory 20 >/tmp/out 2>&1
same "a group below has no more than the one above" $? 137
limit --memory 16M -- sh -c 'greedy memory; echo "and the shell beside it goes on"' >/tmp/out 2>&1
same "memory: the hog of the group ends, not its neighbour" "$(tail -n 1 /tmp/out)" "and the shell beside it goes on"
refuse "memory: a read into more than there may be" limit --memory 8M -- dd if=/dev/zero of=/dev/null bs=32M count=1
set -- $(limit --memory 4M -- greedy pipes)
check "memory: pipes count ($1 of them)" test $1 -gt 40 -a $1 -lt 64
set -- $(limit --memory 8M -- greedy files)
check "memory: files that live in memory count ($1 KiB)" test $1 -gt 7000 -a $1 -le 8192
set -- $(limit --handles 60 -- greedy descriptors)
check "handles: dup stops at the limit ($1)" test $1 -gt 40 -a $1 -lt 60
same "handles: another group does not notice" "$(limit --handles 60 -- greedy descriptors >/tmp/out & limit --handles 500 -- seq 1 3 | tail -n 1; wait)" 3
refuse "limits that cannot even hold the program" limit --contexts 0 -- true
check "a limited user's own limit cannot be lifted" sh -c '! limit --memory 16M -- limit --memory 0 -- true'
rm -f /tmp/greedy*
# Far from 20, so that a look that comes late does no harm; without a limit it is 100, or 200 with two CPUs.
most() { [ "$2" -gt 0 ] && [ "$2" -le "$1" ]; }
check "cpu: a fifth of one" most 45 "$(limit --cpu 20% -- greedy spin 10)"
limit --cpu 20% -- sh -c 'greedy spin 10 >/tmp/a & greedy spin 10 >/tmp/b; wait'
check "cpu: two share their group's fifth ($(cat /tmp/a /tmp/b | tr '\n' ' '))" most 50 $(($(cat /tmp/a) + $(cat /tmp/b)))
check "cpu: a group below has no more than the one above" most 45 "$(limit --cpu 20% -- limit --cpu 90% -- greedy spin 10)"
limit --cpu 20% -- sh -c 'n=0; while [ $n -lt 40 ]; do true | true; n=$((n+1)); done; times' >/tmp/out
same "cpu: short programs come to their end" $? 0
same "cpu: who holds what another one waits for goes on" "$(greedy waits)" soon
refuse "cpu: no share at all" limit --cpu 0% -- true
echo >/tmp/out
given_back() { # what a killed process had comes back when it is taken apart; the shell itself may have grown by a few pages
    set -- $before $(numbers)
    [ ${10} -le $(($2 + 64)) ] && [ ${12} = $4 ] && [ ${14} = $6 ]
}
tries=0
until given_back || [ $tries = 200 ]; do tries=$((tries+1)); usleep 50000; done
given_back && echo "ok everything was given back" || echo "not ok everything was given back: $before, now $(numbers)"
END
}
for cpus in 1 4; do
    work_of_groups | inside "groups on $cpus CPUs" --smp $cpus --add build/tests/greedy:/bin/greedy
done
printf 'program /sbin/echod\nscheme tight\nlimit contexts 0\n' >"$work/tight.unit"
printf 'program /sbin/echod\nscheme loose\nlimit memory 2M\nlimit contexts 3\nlimit handles 100\n' >"$work/loose.unit"
machine --add "$work/tight.unit:/etc/units/tight.unit" --add "$work/loose.unit:/etc/units/loose.unit" -- /bin/true
equal "a service runs within its limits" "$(grep -c 'init: loose ready' "$work/log")" 1
refused=$(grep -c "tight: cannot start sbin/echod: over a limit" "$work/log")
equal "a service that its limits forbid is not started" $((refused > 0)) 1
inside "greed without a limit, in 96 MiB" --memory 96M --add build/tests/greedy:/bin/greedy <<'END'
greedy memory >/tmp/out 2>&1
same "a memory hog is ended" $? 137
same "a fork bomb comes to its end" "$(greedy bomb | tail -n 1)" "and over"
same "the shell works" "$(seq 1 1000 | sort -r | head -n 1)" 999
greedy files | grep -q 'No space left' && echo "ok files in memory stop while programs have room" || echo "not ok files in memory stop"
same "and again" "$(greedy bomb | tail -n 1)" "and over"
check "processes can be made" sh -c 'for i in 1 2 3 4 5; do (exit 0) || exit 1; done'
END
equal "no service was ended" "$(grep -c 'init: .* ended' "$work/log")" 0
