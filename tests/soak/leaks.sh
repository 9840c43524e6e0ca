#!/bin/sh
# SPDX-License-Identifier: MIT
# Ten thousand processes, after which the kernel holds what it held before.
exec ./mh exec --no-build --seed "$1" --smp $(($1 % 4 + 1)) --timeout 600 --add build/guest/pressure:/bin/pressure -- /bin/pressure processes 10000
