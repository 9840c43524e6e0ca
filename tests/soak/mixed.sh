#!/bin/sh
# SPDX-License-Identifier: MIT
# Fork storms, kills, programs, want of memory, files and dying servers at once on four CPUs, then a count of what stayed behind. Every
# third seed on the checked kernel.
[ $(($1 % 3)) != 0 ] || { make -s BUILD=build/check MH_CHECK=1 build/check/kernel.elf >/dev/null && export MH_KERNEL=build/check/kernel.elf; }
exec ./mh exec --no-build --seed "$1" --smp 4 --memory 256M --timeout 300 --add build/guest/pressure:/bin/pressure -- /bin/pressure mixed "$1" 30
