#!/bin/sh
# SPDX-License-Identifier: MIT
# A disk with ext4, made by mke2fs: every file reads as it was written, and the driver may die in the middle.
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/sbin:/usr/sbin
tree=$work/tree
mkdir -p "$tree"
# 5,000 files in 50 directories, sizes around page and block borders; a large one, a sparse one, links.
awk 'BEGIN { for (i = 0; i < 5000; i++) printf "d%d/f%d %d\n", i % 50, i, (i * 37) % 9000 }' >"$work/plan"
(cd "$tree" && seq 0 49 | sed 's/^/d/' | xargs mkdir)
head -c 9000 /dev/urandom >"$work/pool"
while read -r name size; do head -c "$size" "$work/pool" >"$tree/$name"; done <"$work/plan"
head -c 8000000 /dev/urandom >"$tree/big"
truncate -s 3000000 "$tree/sparse" && printf end >>"$tree/sparse"
ln -s d1/f1 "$tree/link" && ln "$tree/big" "$tree/hard"
(cd "$tree" && find . -type f | sort | xargs md5sum) >"$work/sums"
mke2fs -q -t ext4 -d "$tree" "$work/disk" 96M || not_ok "mke2fs makes an image" "$?"
mkdir "$work/tree2" && echo the second >"$work/tree2/second"
mke2fs -q -t ext4 -d "$work/tree2" "$work/disk2" 4M || not_ok "mke2fs makes a small image" "$?"

inside disk --disk "$work/disk" --add "$work/sums:/run/sums" <<'END'
cd /mnt/0
same "it is mounted read-only" "$(awk '$2 == "/mnt/0" { print $3, substr($4, 1, 2) }' /proc/mounts)" "ext4 ro"
same "every file has its checksum" "$(md5sum -c /run/sums 2>&1 | grep -c ': OK$')" "$(wc -l </run/sums)"
same "find sees every name" "$(find . -type f | wc -l)" "$(wc -l </run/sums)"
same "a symbolic link leads on" "$(readlink link)" d1/f1
same "a hard link counts" "$(stat -c %h big)" 2
refuse "nothing can be written" sh -c 'echo x > new'
refuse "nothing can be removed" rm big
END

truncate -s 2M "$work/blank"
inside "three disks" --smp 4 --disk "$work/blank" --disk "$work/disk" --disk "$work/disk2" <<'END'
same "a disk's number is its place, whatever the others hold" "$(awk '$2 ~ /^.mnt/ { print $2 }' /proc/mounts | sort | tr '\n' ' ')" "/mnt/1 /mnt/2 "
same "and does not depend on who answers first" "$(cat /mnt/2/second)" "the second"
END

inside "disk driver dies" --smp 2 --disk "$work/disk" --add "$work/sums:/run/sums" <<'END'
driver() { ps | awk '$3 ~ /^\[?virtio-blkd/ { print $1 }'; }
cd /mnt/0
want=$(grep ' ./big$' /run/sums | cut -d ' ' -f 1)
for round in 1 2 3; do
    echo 3 > /proc/sys/vm/drop_caches 2>/dev/null
    md5sum big d$round/* > /tmp/got.$round & reader=$!
    usleep 20000
    old=$(driver)
    kill -9 $old
    wait $reader
    same "round $round: the reader gets all its bytes" "$(grep ' big$' /tmp/got.$round | cut -d ' ' -f 1)" "$want"
    i=0; while new=$(driver); [ -z "$new" ] || [ "$new" = "$old" ]; do i=$((i + 1)); [ $i -lt 100 ] || break; usleep 100000; done
    check "round $round: the driver is another" test -n "$new" -a "$new" != "$old"
done
same "everything still reads right" "$(md5sum -c /run/sums 2>&1 | grep -c ': OK$')" "$(wc -l </run/sums)"
END
