#!/bin/sh
# SPDX-License-Identifier: MIT
# One minute of fuzzing of the shell: its parser, its regular expressions, and whole programs. What was learnt stays in
# build/fuzz/corpus; what failed in build/fuzz.
seed=${1:-1}
make -s build/fuzz/bin/parser_fuzz build/fuzz/bin/regex_fuzz build/fuzz/bin/run_fuzz || exit 1
fuzz() {
    mkdir -p "build/fuzz/corpus/$1"
    if [ "$1" != regex_fuzz ]; then cp -n apps/ion/tests/*.ion "build/fuzz/corpus/$1/" 2>/dev/null; fi
    timeout 120 "build/fuzz/bin/$1" -seed="$seed" -max_total_time="$2" -verbosity=0 -timeout=20 -rss_limit_mb=1500 -max_len=4096 \
        -artifact_prefix="build/fuzz/$1-" "build/fuzz/corpus/$1"
}
fuzz parser_fuzz 15 && fuzz regex_fuzz 10 && fuzz run_fuzz 35
