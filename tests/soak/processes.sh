#!/bin/sh
# SPDX-License-Identifier: MIT
# Forks, pipes, signals and files at once on two CPUs.
exec ./mh exec --no-build --seed "$1" --smp 2 --timeout 300 -- /bin/sh -c '
cd /tmp
work() {
    i=0
    while [ $i -lt 40 ]; do
        seq 1 300 | sort -rn | head -n 1 >f$1 || exit 1
        [ "$(cat f$1)" = 300 ] || exit 2
        sleep 10 & kill $!; wait $!
        [ $? = 143 ] || exit 3
        i=$((i + 1))
    done
}
for n in 1 2 3 4; do work $n & p="${p-} $!"; done
for one in $p; do wait $one || exit 4; done'
