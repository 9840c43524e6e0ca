#!/bin/sh
# SPDX-License-Identifier: MIT
# A disk with the native filesystem, made by redoxfs-mkfs: what is there reads as it was, what is written is there afterwards and sound,
# and what was synced outlives the disk's driver, the filesystem's server and the machine.
. "$(dirname "$0")/lib.sh"
tools=build/host/bin
tree=$work/tree
mkdir -p "$tree"
# 1,000 files in 20 directories, sizes around the format's borders; a large one, a sparse one, links, a name with a colon.
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "d%d/f%d %d\n", i % 20, i, (i * 137) % 9000 }' >"$work/plan"
for size in 3967 3968 3969 4096 4097 8193 131071 131072 131073 300000; do echo "s$size $size" >>"$work/plan"; done
(cd "$tree" && seq 0 19 | sed 's/^/d/' | xargs mkdir)
head -c 300000 /dev/urandom >"$work/pool"
while read -r name size; do head -c "$size" "$work/pool" >"$tree/$name"; done <"$work/plan"
head -c 3000000 /dev/urandom >"$tree/big"
truncate -s 5000000 "$tree/sparse" && printf end >>"$tree/sparse"
ln -s d1/f1 "$tree/link" && ln "$tree/big" "$tree/hard" && echo colon >"$tree/libc6:amd64.list"
(cd "$tree" && find . -type f | sort | xargs md5sum) >"$work/sums"
$tools/redoxfs-mkfs -d "$tree" "$work/disk" 64M || not_ok "redoxfs-mkfs makes an image" "$?"

sound() { # NAME: the image is without a problem
    if $tools/redoxfs-fsck --quiet "$work/disk" >"$work/fsck" 2>&1; then ok "$1"; else not_ok "$1" "$(cat "$work/fsck")"; fi
}
sound "the image that was made is sound"

inside redoxfs --disk "$work/disk" --add "$work/sums:/run/sums" <<'END'
cd /mnt/0
same "it is mounted for writing" "$(awk '$2 == "/mnt/0" { print $3, substr($4, 1, 2) }' /proc/mounts)" "redoxfs rw"
same "every file has its checksum" "$(md5sum -c /run/sums 2>&1 | grep -c ': OK$')" "$(wc -l </run/sums)"
same "find sees every name" "$(find . -type f | wc -l)" "$(wc -l </run/sums)"
same "a symbolic link leads on" "$(readlink link)-$(wc -c <link)" d1/f1-137
same "a hard link counts" "$(stat -c %h big)" 2
mkdir new new/deep; for i in 1 2 3 4 5 6 7 8 9; do head -c ${i}0000 big >new/file$i; done
md5sum new/file* >/tmp/new; check "what was written reads the same" md5sum -c /tmp/new
cp /tmp/new new.sums
printf one >log; printf two >>log; printf three >>log; same "append" "$(cat log)" onetwothree
mv log renamed; same "rename" "$(cat renamed)-$([ -e log ] || echo gone)" onetwothree-gone
echo other >over; mv over renamed; same "rename over a file" "$(cat renamed)" other
mv renamed new/deep; same "rename into a folder" "$(cat new/deep/renamed)" other
refuse "rmdir of what is not empty" rmdir new
refuse "mkdir of what exists" mkdir new
ln -s target made; same "a symbolic link" "$(readlink made)" target
echo text >f; ln f g; same "a hard link" "$(stat -c %h g)-$(cat g)" 2-text
rm f; same "one name less" "$(stat -c %h g)-$(cat g)" 1-text
head -c 100000 big >cut; truncate -s 5000 cut; same "truncate" "$(md5sum <cut)" "$(head -c 5000 big | md5sum)"
truncate -s 90000 cut; same "what comes back is zeros" "$(tail -c 85000 cut | tr -d '\0' | wc -c)" 0
head -c 50000 big >gap; : >gap
dd if=/dev/zero of=gap bs=1 count=1 seek=49999 2>/dev/null
same "a gap after a cut is zeros" "$(tr -d '\0' <gap | wc -c)-$(wc -c <gap)" 0-50000
chmod 640 cut; chown 5:6 cut; touch -d '2001-02-03 04:05:06' cut
same "chmod, chown, touch" \
    "$(stat -c %a-%u-%g cut) $(date -r cut +%Y-%m-%d)" "640-5-6 2001-02-03"
exec 3>open; rm open; echo kept >&3; same "a file without a name stays open" $? 0; exec 3>&-
dd if=/dev/zero of=hole bs=1 count=1 seek=9000000 2>/dev/null; same "a hole takes no space" \
    "$(stat -c %s hole)-$([ "$(du -k hole | cut -f 1)" -lt 300 ] && echo small)" 9000001-small
rm -r d3; same "a folder of files is gone" "$([ -e d3 ] || echo gone)" gone
same "a name with a colon" "$(cat libc6:amd64.list)" colon
check "a name of 252 bytes" touch $(printf 'n%.0s' $(seq 252))
refuse "a name of 253 bytes" touch $(printf 'n%.0s' $(seq 253))
refuse "a name that is no UTF-8" touch "$(printf 'bad\377name')"
refuse "a named pipe, which the format has not" mkfifo pipe
same "df knows the size" "$(df -k . | awk 'NR == 2 { print $2 }')" 65536
dd if=big of=full bs=1M count=200 seek=100000 2>/dev/null; rm full
check "sync" sync
END
sound "it is sound after it was used"
$tools/redoxfs-cat "$work/disk" /new.sums >"$work/new.sums" 2>&1
mkdir "$work/got" && $tools/redoxfs-extract "$work/disk" "$work/got" >"$work/extract" 2>&1 || not_ok "it extracts" "$(cat "$work/extract")"
equal "what was written inside is there outside" "$(cd "$work/got" && md5sum -c ../new.sums 2>&1 | grep -c ': OK$')" 9
equal "the cut file, its owner left aside" "$(stat -c %s-%a "$work/got/cut")-$(head -c 5000 "$work/got/cut" | cmp - "$work/got/big" 2>&1 | grep -c EOF)" 90000-640-1
equal "the file that was removed while open is gone" "$([ -e "$work/got/open" ] || echo gone)" gone
grep -v ' ./d3/' "$work/sums" >"$work/left"
equal "the others are as they were" "$(cd "$work/got" && md5sum -c "$work/left" 2>&1 | grep -c ': OK$')" "$(wc -l <"$work/left")"

inside "redoxfs' disk driver dies" --smp 2 --disk "$work/disk" <<'END'
driver() { ps | awk '$3 ~ /^\[?virtio-blkd/ { print $1 }'; }
cd /mnt/0
for round in 1 2 3; do
    (for i in 1 2 3 4 5 6 7 8; do head -c 900000 big | dd of=w$round-$i bs=64k conv=fsync 2>/dev/null || echo bad; done >/tmp/bad) & writer=$!
    usleep 100000
    old=$(driver); kill -9 $old
    wait $writer
    same "round $round: the writer notices nothing" "$(cat /tmp/bad)" ""
    i=0; while new=$(driver); [ -z "$new" ] || [ "$new" = "$old" ]; do i=$((i + 1)); [ $i -lt 100 ] || break; usleep 100000; done
    same "round $round: all is there" "$(cat w$round-* | md5sum)" "$(for i in 1 2 3 4 5 6 7 8; do head -c 900000 big; done | md5sum)"
    rm w$round-*
done
END
sound "it is sound after its driver died"

inside "redoxfs' server dies" --smp 2 --disk "$work/disk" --add "$work/left:/run/sums" <<'END'
server() { ps | awk '$3 ~ /^\[?redoxfs/ { print $1 }'; }
cd /mnt/0
exec 4<big; head -c 1000 <&4 >/dev/null
for round in 1 2 3; do
    : >/tmp/done
    (for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        head -c ${i}0000 /bin/busybox | dd of=k$round-$i bs=64k conv=fsync 2>/dev/null && md5sum k$round-$i >>/tmp/done
    done) 2>/dev/null & writer=$!
    while [ "$(wc -l </tmp/done)" -lt $((round * 2)) ]; do usleep 10000; done
    old=$(server); kill -9 $old
    wait $writer
    i=0; while new=$(server); [ -z "$new" ] || [ "$new" = "$old" ]; do i=$((i + 1)); [ $i -lt 100 ] || break; usleep 100000; done
    check "round $round: the server is another" test -n "$new" -a "$new" != "$old"
    check "round $round: what was synced is there" md5sum -c /tmp/done
    rm -f k$round-*
done
same "files that were looked at before are read" "$(md5sum -c /run/sums 2>&1 | grep -c ': OK$')" "$(wc -l </run/sums)"
check "a descriptor from before gives its bytes or an error" sh -c 'cat <&4 >/tmp/rest || true'
check "sync" sync
END
sound "it is sound after its server died"

# The power goes while files are written and synced; what was said to be synced is there.
cat >"$work/writer" <<'END'
cd /mnt/0; mkdir cut$1; i=0
while :; do i=$((i + 1)); head -c $((i * 977 % 200000)) big | dd of=cut$1/f$i bs=64k conv=fsync 2>/dev/null && echo "synced $i"; mv cut$1/f$i cut$1/g$i; done
END
for round in 1 2 3; do
    ./mh exec --no-build --timeout 60 --disk "$work/disk" --add "$work/writer:/run/writer" -- /bin/sh /run/writer $round >"$work/out" 2>&1 </dev/null &
    front=$!
    waited=0
    while [ "$(grep -ac '^synced' "$work/out")" -lt $((round * 7)) ] && [ $waited -lt 250 ]; do sleep 0.2; waited=$((waited + 1)); done
    pgrep -f "^[^ ]*qemu-system-x86_64.*file=$work/disk," | xargs -r kill -9
    wait $front
    last=$(sed -n 's/^synced //p' "$work/out" | tail -n 1)
    sound "power cut $round: it is sound"
    rm -rf "$work/got" && mkdir "$work/got" && $tools/redoxfs-extract "$work/disk" "$work/got" >/dev/null 2>&1
    missing=''
    for i in $(sed -n 's/^synced //p' "$work/out"); do
        file=$work/got/cut$round/f$i
        [ -e "$file" ] || file=$work/got/cut$round/g$i
        head -c $((i * 977 % 200000)) "$work/got/big" | cmp -s - "$file" || missing="$missing $i"
    done
    equal "power cut $round: all of ${last:-0} synced files are there" "$missing" ""
    [ "${last:-0}" -ge $((round * 7)) ] || not_ok "power cut $round: it was writing" "$(tail -n 3 "$work/out")"
done
