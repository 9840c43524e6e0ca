#!/bin/sh
# SPDX-License-Identifier: MIT
# The native filesystem's tools on the build machine: round trips, encryption, repair, and what they refuse.
. "$(dirname "$0")/lib.sh"
tools=build/host/bin
tree=$work/tree
mkdir -p "$tree/a/deep" "$tree/empty"
head -c 400000 /dev/urandom >"$tree/random" && seq 1 20000 >"$tree/a/numbers" && ln "$tree/random" "$tree/a/deep/hard"
ln -s ../numbers "$tree/a/deep/link" && echo colon >"$tree/co:lon" && truncate -s 9000000 "$tree/sparse" && printf end >>"$tree/sparse"
chmod 640 "$tree/random" && chmod 1777 "$tree/empty" && touch -d '2001-02-03 04:05:06' "$tree/a/numbers"
facts() { (cd "$1" && find . -mindepth 1 -printf '%p %y %m %n %l %T@\n' | sed 's/\.[0-9]*$//' | grep -v '^\./a/deep/link' | sort); }
holds() { # NAME STATUS COMMAND...: ends with that status
    name=$1 wanted=$2
    shift 2
    "$@" >"$work/said" 2>&1
    got=$?
    if [ $got = "$wanted" ]; then ok "$name"; else not_ok "$name" "status $got: $(cat "$work/said")"; fi
}
says() { if grep -q "$2" "$work/said"; then ok "$1"; else not_ok "$1" "$(cat "$work/said")"; fi; } # NAME TEXT
round_trip() { # NAME IMAGE [OPTIONS...]
    name=$1 image=$2
    shift 2
    rm -rf "$work/got" && mkdir "$work/got"
    holds "$name: extracts" 0 $tools/redoxfs-extract "$@" "$image" "$work/got"
    equal "$name: the same bytes" "$(diff -r "$tree" "$work/got" 2>&1)" ""
    equal "$name: the same facts" "$(facts "$work/got")" "$(facts "$tree")"
}

holds "mkfs from a directory" 0 $tools/redoxfs-mkfs -d "$tree" "$work/plain"
holds "it is sound" 0 $tools/redoxfs-fsck "$work/plain"
says "fsck names what is not portable" 'co:lon has a colon'
round_trip plain "$work/plain"
equal "holes stay holes" "$([ "$(du -k "$work/got/sparse" | cut -f 1)" -lt 500 ] && echo small)" small
holds "mkfs behind a boot loader" 0 $tools/redoxfs-mkfs --boot "$tree/a/numbers" -d "$tree" "$work/boot"
equal "the loader's bytes are in front" "$(head -c 5000 "$work/boot" | cmp - "$tree/a/numbers" 2>&1 | grep -c EOF)" 1
round_trip "behind a boot loader" "$work/boot"
used() { sed -n 's/.* \([0-9]*\) blocks used.*/\1/p' "$work/said"; }
plain=$($tools/redoxfs-fsck --quiet "$work/plain" >"$work/said"; used)
holds "mkfs, compressed" 0 $tools/redoxfs-mkfs --compress -d "$tree" "$work/packed"
holds "it is sound" 0 $tools/redoxfs-fsck --quiet "$work/packed"
equal "and smaller" "$([ "$(used)" -lt $((plain - 10)) ] && echo smaller)" smaller
round_trip compressed "$work/packed"
holds "scrub" 0 $tools/redoxfs-scrub "$work/plain"

echo 'correct horse' >"$work/first" && echo battery >"$work/second"
holds "mkfs, encrypted" 0 $tools/redoxfs-mkfs --encrypt --password-file "$work/first" -d "$tree" "$work/secret"
holds "it is sound with its password" 0 $tools/redoxfs-fsck --quiet --password-file "$work/first" "$work/secret"
round_trip encrypted "$work/secret" --password-file "$work/first"
equal "nothing of it is readable" "$(grep -c 19999 "$work/secret")" 0
holds "another password" 2 $tools/redoxfs-ls --password-file "$work/second" "$work/secret"
says "is said to be wrong" 'wrong password'
holds "a second password" 0 $tools/redoxfs-password add --new-password-file "$work/second" --password-file "$work/first" "$work/secret"
holds "opens it too" 0 $tools/redoxfs-ls --password-file "$work/second" "$work/secret"
holds "the first is given up" 0 $tools/redoxfs-password remove --password-file "$work/first" "$work/secret"
holds "and opens nothing" 2 $tools/redoxfs-ls --password-file "$work/first" "$work/secret"
holds "the last cannot be" 2 $tools/redoxfs-password remove --password-file "$work/second" "$work/secret"
round_trip "after its passwords changed" "$work/secret" --password-file "$work/second"

log=$($tools/redoxfs-debug "$work/plain" | sed -n 's/^log: block \([0-9]*\),.*/\1/p')
printf '\377' | dd of="$work/plain" bs=1 seek=$((log * 4096 + 4000)) conv=notrunc 2>/dev/null
holds "a damaged log is found" 1 $tools/redoxfs-fsck --quiet "$work/plain"
cp "$work/plain" "$work/damaged"
for delay in 0.003 0.01 0.02 0.04; do # killed anywhere: begun again it ends as the first would have
    cp "$work/damaged" "$work/plain"
    timeout -s KILL $delay $tools/redoxfs-fsck --quiet --repair "$work/plain" >"$work/said" 2>&1
    holds "a repair that was killed after $delay s is begun again" 0 $tools/redoxfs-fsck --quiet --repair "$work/plain"
    round_trip "killed after $delay s" "$work/plain"
done
cp "$work/damaged" "$work/plain"
holds "how far it is is said" 1 $tools/redoxfs-fsck --quiet --progress "$work/plain"
says "in MiB and nodes" 'MiB of at most .* nodes'
holds "and repaired" 0 $tools/redoxfs-fsck --quiet --repair "$work/plain"
holds "for good" 0 $tools/redoxfs-fsck --quiet "$work/plain"
round_trip repaired "$work/plain"

holds "no image" 2 $tools/redoxfs-fsck "$work/nothing"
head -c 2000000 /dev/urandom >"$work/noise"
holds "no volume" 2 $tools/redoxfs-ls "$work/noise"
says "is said in words" 'no RedoxFS volume'
holds "too small" 2 $tools/redoxfs-mkfs "$work/small" 1M
says "is said in words" 'too small'
holds "usage" 2 $tools/redoxfs-cat
holds "help" 0 $tools/redoxfs-mkfs --help
