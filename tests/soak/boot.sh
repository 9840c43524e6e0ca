#!/bin/sh
# SPDX-License-Identifier: MIT
# One boot with its own seed and four CPUs, to a command's end.
exec ./mh exec --no-build --seed "$1" --smp 4 --timeout 120 -- /bin/sh -c 'test "$(echo hello | cat)" = hello'
