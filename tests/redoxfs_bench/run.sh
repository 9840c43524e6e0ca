#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/redoxfs_bench/run.sh [FILES]: instructions for each operation, counted by callgrind, in a volume that has FILES files already.
set -u
cd "$(dirname "$0")/../.." || exit 125
files=${1-0}
make -s build/host/bin/redoxfs_bench >/dev/null || exit 125
out=build/redoxfs_bench.callgrind
image=build/redoxfs_bench.img
rm -f $image
build/host/bin/redoxfs_bench make $image "$files" >/dev/null || exit 1
# valgrind does not read this compiler's debugging facts; names are enough
llvm-objcopy-19 --strip-debug build/host/bin/redoxfs_bench build/redoxfs_bench.bare || exit 125
# a string move is counted as one instruction for each byte, which no processor does; vector moves are counted as they are
GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=0x7fffffff:glibc.cpu.x86_rep_stosb_threshold=0x7fffffff
export GLIBC_TUNABLES
counts=$(valgrind -q --tool=callgrind --callgrind-out-file=$out build/redoxfs_bench.bare measure $image "$files" 2>/dev/null | tail -n 1) || exit 1
callgrind_annotate --inclusive=yes --threshold=100 $out | tr -d , | awk -v counts="$counts" -v files="$files" '
    BEGIN { n = split(counts, word, " "); for (i = 1; i < n; i += 2) times[word[i]] = word[i + 1] }
    match($0, /bench_[a-z_]+/) {
        thing = substr($0, RSTART + 6, RLENGTH - 6)
        if (thing in times && !(thing in seen)) { seen[thing] = 1; printf "%s\t%d\t%d\n", thing, files, $1 / times[thing] }
    }' | sort
rm -f $image
