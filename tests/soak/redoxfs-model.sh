#!/bin/sh
# SPDX-License-Identifier: MIT
# Random operations on a RedoxFS volume beside a model of its tree. The build machine alone; see tests/redoxfs.
make -s build/host/bin/redoxfs_soak >/dev/null && exec build/host/bin/redoxfs_soak model "$1" 200000 $((1000 + $1 * 977 % 9000))
