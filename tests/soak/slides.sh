#!/bin/sh
# SPDX-License-Identifier: MIT
# The kernel's own places over 64 boots: of each, as many low bits as are claimed are seen both ways, and few values are equal.
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
boot=0
while [ $boot -lt 64 ]; do
    ./mh exec --no-build --seed $(($1 * 1000 + boot)) --timeout 120 --log "$work/log" -- /bin/true >/dev/null 2>&1
    sed -n 's/.*kernel at 0x\([0-9a-f]*\).*direct map at 0x\([0-9a-f]*\).*/\1 \2/p' "$work/log" >>"$work/places"
    boot=$((boot + 1))
done
# NAME FIELD SHIFT BITS: the kernel image moves by 16 KiB in 1 GiB, the direct map by 1 GiB in 64 TiB
judge() {
    ones=0 zeros=0 mask=$(((1 << $4) - 1))
    for value in $(cut -d ' ' -f "$2" "$work/places"); do
        bits=$(printf '%d' "0x$(printf '%s' "$value" | tail -c 13)")
        bits=$((bits >> $3 & mask))
        ones=$((ones | bits)) zeros=$((zeros | (~bits & mask)))
        echo $bits >>"$work/$1"
    done
    equal=$(($(wc -l <"$work/$1") - $(sort -u "$work/$1" | wc -l)))
    echo "$1: $4 bits, $(wc -l <"$work/$1") boots, equal values $equal, ones $ones, zeros $zeros of $mask"
    [ $ones = $mask ] && [ $zeros = $mask ] && [ "$(wc -l <"$work/$1")" = 64 ] && [ $equal -le 3 ]
}
judge kernel-image 1 14 16 && judge direct-map 2 30 16
