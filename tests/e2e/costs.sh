#!/bin/sh
# SPDX-License-Identifier: MIT
# No native primitive costs more than tests/bench/limits.tsv allows. One boot, counted in instructions, so a figure is the same on every
# machine.
. "$(dirname "$0")/lib.sh"
./mh exec --no-build --icount --timeout "$limit" --append unit=costs --log "$work/log" -- /bin/sleep 1000000 >"$work/out" 2>"$work/err" </dev/null
equal "every primitive works many times over" $? 0
awk '$1 == "cost" { cost[$2] = $3; next }
     /^#/ || NF != 2 { next }
     !($1 in cost) { print "not ok " $1 ": was not measured"; next }
     cost[$1] + 0 > $2 + 0 { print "not ok " $1 " within its limit: " cost[$1] " instructions, the limit is " $2; next }
     { print "ok " $1 " within its limit" }' "$work/out" tests/bench/limits.tsv
