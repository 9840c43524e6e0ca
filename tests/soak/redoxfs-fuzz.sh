#!/bin/sh
# SPDX-License-Identifier: MIT
# Hostile RedoxFS volumes, with their checksums made right, read and changed; five minutes a run. What it finds is added to
# tests/redoxfs/corpus; what it fails on is kept beside build/fuzz. The build machine alone.
corpus=build/fuzz/redoxfs-corpus
make -s build/fuzz/bin/redoxfs_fuzz >/dev/null && mkdir -p $corpus && cp -n tests/redoxfs/corpus/* $corpus/ &&
    exec build/fuzz/bin/redoxfs_fuzz -max_total_time=300 -seed="$1" -timeout=20 -rss_limit_mb=1500 -max_len=500 -verbosity=0 \
        -artifact_prefix=build/fuzz/redoxfs_fuzz- $corpus
