#!/bin/sh
# SPDX-License-Identifier: MIT
# Volumes that the library writes, read by a reader that was written from the format's description alone (tests/redoxfs/reader.py).
. "$(dirname "$0")/lib.sh"
reader=tests/redoxfs/reader.py
make -s build/host/bin/redoxfs_soak build/host/bin/redoxfs-resize build/host/bin/redoxfs-fsck >/dev/null
for compressed in 0 1; do
    name="a tree of chance$([ $compressed = 0 ] || echo ', compressed')"
    if { python3 tests/redoxfs/tree.py $((7 + compressed)) 400 "$work/tree" &&
        build/host/bin/redoxfs_soak replay 30000 $compressed "$work/tree" "$work/image" &&
        python3 $reader --manifest "$work/tree/manifest" "$work/image"; } >"$work/said" 2>&1; then
        ok "$name: the other reader finds what was written"
    else
        not_ok "$name: the other reader finds what was written" "$(tail -n 5 "$work/said")"
    fi
    for size in 24M 300M; do
        name="made $size long$([ $compressed = 0 ] || echo ', compressed')"
        if { build/host/bin/redoxfs-resize "$work/image" $size && build/host/bin/redoxfs-fsck --quiet "$work/image" &&
            python3 $reader --manifest "$work/tree/manifest" "$work/image"; } >"$work/said" 2>&1; then
            ok "$name: the same"
        else
            not_ok "$name: the same" "$(tail -n 5 "$work/said")"
        fi
    done
done
is_found() { # NAME OFFSET: a byte that differs there is found
    cp "$work/image" "$work/damaged"
    printf '\251' | dd of="$work/damaged" bs=1 seek="$2" conv=notrunc 2>/dev/null
    if python3 $reader "$work/damaged" >"$work/said" 2>&1; then not_ok "$1" "$(cat "$work/said")"; else ok "$1"; fi
}
generation=$(python3 $reader "$work/image" 2>&1 | sed -n 's/.*: generation \([0-9]*\),.*/\1/p')
is_found "another byte in the list of nodes is found" "$(python3 -c "
import struct, sys
header = open(sys.argv[1], 'rb').read()[int(sys.argv[2]) % 256 * 4096:][:4096]
print((struct.unpack_from('<Q', header, 48)[0] >> 8) * 4096 + 3)" "$work/image" "$generation")"
sed 's/^\(.*\tfile\t[0-7]*\t\)[0-9]*/\1123456/' "$work/tree/manifest" >"$work/other"
if python3 $reader --manifest "$work/other" "$work/image" >"$work/said" 2>&1; then
    not_ok "another owner in the manifest is found" "$(tail -n 1 "$work/said")"
else
    ok "another owner in the manifest is found"
fi
