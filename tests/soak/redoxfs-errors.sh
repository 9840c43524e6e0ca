#!/bin/sh
# SPDX-License-Identifier: MIT
# RedoxFS on a disk that fails at each of its requests in turn. The build machine alone; see tests/redoxfs.
make -s build/host/bin/redoxfs_soak >/dev/null && exec build/host/bin/redoxfs_soak errors "$1" 3
