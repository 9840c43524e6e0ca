#!/bin/sh
# SPDX-License-Identifier: MIT
# Power cuts on RedoxFS: all sequences of two operations, and 100 long ones of this seed. The build machine alone; see tests/redoxfs.
make -s build/host/bin/redoxfs_soak >/dev/null && exec build/host/bin/redoxfs_soak power "$1" 100
