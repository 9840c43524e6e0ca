#!/bin/sh
# SPDX-License-Identifier: MIT
# The correctness twins on one to four CPUs.
exec ./mh exec --no-build --seed "$1" --smp $(($1 % 4 + 1)) --timeout 200 --add build/twins:/bin/twins -- /bin/twins
