#!/bin/sh
# SPDX-License-Identifier: MIT
# The whole benchmark, with its files of 64 MiB, runs in a machine of 96 MiB: less than Linux holds before it starts one (89 MiB idle,
# measured with the same busybox) plus the same files, so its peak memory is far within 1.25 of Linux's.
. "$(dirname "$0")/lib.sh"
make -s build/bench/osbench >"$work/build" 2>&1 || not_ok "osbench builds" "$(tail -n 3 "$work/build")"
machine --icount --memory 96M --add build/bench/osbench:/bin/osbench -- osbench -e /bin/osbench -b 1000000 -r 1 \
    -x 'tcp*' -x 'udp*' -x 'unix*'
status=$?
equal "the benchmark ends well in 96 MiB" "$status" 0
equal "no metric is left out for want of memory" "$(grep -c skip "$work/out")" 0
