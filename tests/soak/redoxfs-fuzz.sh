#!/bin/sh
# SPDX-License-Identifier: MIT
# Hostile RedoxFS volumes, with their checksums made right, read, changed and repaired; five minutes a run. What it finds is added to
# build/fuzz/redoxfs-corpus, which begins with tests/redoxfs/corpus; what it fails on is kept beside it. The build machine alone.
corpus=build/fuzz/redoxfs-corpus
make -s build/fuzz/bin/redoxfs_fuzz >/dev/null && mkdir -p $corpus && cp -n tests/redoxfs/corpus/* $corpus/ || exit 125
build/fuzz/bin/redoxfs_fuzz -max_total_time=300 -seed="$1" -timeout=20 -rss_limit_mb=500 -max_len=500 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix=build/fuzz/redoxfs_fuzz- $corpus >build/fuzz/redoxfs-said 2>&1
status=$?
cat build/fuzz/redoxfs-said
sed -n "s/^stat::number_of_executed_units: */seed $1: /p" build/fuzz/redoxfs-said >>build/fuzz/redoxfs-executions
exit $status
