#!/bin/sh
# SPDX-License-Identifier: MIT
# Random native calls from many contexts on four CPUs, then a count of what stayed behind. Even seeds on the shipping kernel, odd ones on
# the checked one.
[ $(($1 % 2)) = 0 ] || { make -s BUILD=build/check MH_CHECK=1 build/check/kernel.elf >/dev/null && export MH_KERNEL=build/check/kernel.elf; }
exec ./mh exec --no-build --seed "$1" --smp 4 --timeout 300 --add build/guest/pressure:/bin/pressure -- /bin/pressure calls $(($1 * 1000)) 20 8 1000
