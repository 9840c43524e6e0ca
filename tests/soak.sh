#!/bin/sh
# SPDX-License-Identifier: MIT
# ./mh soak NAME [--minutes N] [--runs N] [--seed S]: repeats tests/soak/NAME.sh, each time with the next seed, until the minutes are over,
# there were that many runs, or a run fails; appends commit, first seed, minutes, runs, result to docs/evidence/NAME.tsv. A run is one
# ./mh exec that can be repeated with the seed that the failure's line names.
set -u
cd "$(dirname "$0")/.." || exit 125
fail() {
    echo "mh: $*" >&2
    exit 125
}
name=${1-}
[ -n "$name" ] && [ -r "tests/soak/$name.sh" ] || fail "soak what? $(ls tests/soak | sed 's/\.sh$//' | tr '\n' ' ')"
shift
minutes= most= seed=1
while [ $# -gt 1 ]; do
    case $1 in
    --minutes) minutes=$2 ;;
    --runs) most=$2 ;;
    --seed) seed=$2 ;;
    *) fail "unknown option $1" ;;
    esac
    shift 2
done
[ $# = 0 ] || fail "unknown option $1"
[ -n "$most" ] || minutes=${minutes:-10}
make -k all >/dev/null 2>&1
[ -r build/kernel.elf ] && [ -r build/initfs.img ] || fail "the system is not built"
first=$seed runs=0 result=passed
mkdir -p docs/evidence build/soak
begin=$(date +%s)
while [ -z "$minutes" ] || [ $(($(date +%s) - begin)) -lt $((minutes * 60)) ]; do
    [ -z "$most" ] || [ "$runs" -lt "$most" ] || break
    if ! sh "tests/soak/$name.sh" "$seed" >"build/soak/$name.$seed" 2>&1; then
        result="failed at seed $seed"
        tail -n 40 "build/soak/$name.$seed"
        break
    fi
    rm -f "build/soak/$name.$seed"
    runs=$((runs + 1)) seed=$((seed + 1))
done
file=docs/evidence/$name.tsv
[ -e "$file" ] || printf 'commit\tseed\tminutes\truns\tresult\n' >"$file"
printf '%s\t%s\t%s\t%s\t%s\n' "$(git rev-parse --short HEAD)" "$first" $((($(date +%s) - begin + 30) / 60)) "$runs" "$result" | tee -a "$file"
[ "$result" = passed ]
