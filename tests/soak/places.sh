#!/bin/sh
# SPDX-License-Identifier: MIT
# The places of a process's parts over 100,000 starts of a program.
exec ./mh exec --no-build --seed "$1" --timeout 3000 --add build/guest/places:/bin/places -- /bin/places 100000
