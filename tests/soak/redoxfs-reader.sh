#!/bin/sh
# SPDX-License-Identifier: MIT
# A tree of ten thousand files, by chance, plain or compressed, read by the other reader. The build machine alone; see tests/redoxfs.
folder=build/soak/redoxfs-tree
make -s build/host/bin/redoxfs_soak >/dev/null && python3 tests/redoxfs/tree.py "$1" 10000 $folder &&
    build/host/bin/redoxfs_soak replay 90000 $(($1 % 2)) $folder $folder/image &&
    python3 tests/redoxfs/reader.py --manifest $folder/manifest $folder/image
