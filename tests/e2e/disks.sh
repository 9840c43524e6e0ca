#!/bin/sh
# SPDX-License-Identifier: MIT
# Disks inside: as files, and with the native filesystem made, mounted, unmounted, checked and changed there, by the tools that
# the build machine has too.
. "$(dirname "$0")/lib.sh"
tools=build/host/bin
truncate -s 24M "$work/blank"
head -c 4194304 /dev/urandom >"$work/noise"
inside "disks" --memory 64M --disk "$work/noise" --disk "$work/blank" <<'END'
same "they are block devices" "$(stat -c %F-%t:%T /dev/vda)" "block special file-fe:0"
same "with their own length" "$(wc -c </dev/vda)-$(dd if=/dev/vdb bs=1M 2>/dev/null | wc -c)" 4194304-25165824
check "they can be written anywhere" dd if=/dev/zero of=/dev/vda bs=1000 count=3 seek=999 conv=notrunc,fsync
same "and read back" "$(dd if=/dev/vda bs=1000 skip=999 count=3 2>/dev/null | tr -d '\0' | wc -c)" 0
refuse "but not behind their end" sh -c 'dd if=/dev/zero of=/dev/vda bs=4096 seek=1024 count=1 conv=notrunc,fsync'
same "which does not make them longer" "$(wc -c </dev/vda)" 4194304
check "mkfs" redoxfs-mkfs /dev/vdb
check "fsck of an empty volume" redoxfs-fsck --quiet /dev/vdb
mkdir /tmp/m /tmp/tree; seq 5000 >/tmp/tree/numbers; ln -s numbers /tmp/tree/link
check "mount" mount -t redoxfs /dev/vdb /tmp/m
same "it is there" "$(awk '$2 == "/tmp/m" { print $1, $4 }' /proc/mounts)" "redoxfs rw"
cp /tmp/tree/numbers /tmp/m; mkdir /tmp/m/d; head -c 700000 /bin/busybox >/tmp/m/d/part
refuse "mounted twice" mount -t redoxfs /dev/vdb /tmp/tree
refuse "umount of what is used" sh -c 'cd /tmp/m; umount /tmp/m'
check "umount" umount /tmp/m
same "nothing is there then" "$(ls /tmp/m | wc -l)-$(grep -c /tmp/m /proc/mounts)" 0-0
same "its server has ended" "$(ps | awk '$3 ~ /redoxfs:/ { n++ } END { print n + 0 }')" 0
check "fsck" redoxfs-fsck --quiet /dev/vdb
same "cat" "$(redoxfs-cat /dev/vdb /d/part | md5sum)" "$(head -c 700000 /bin/busybox | md5sum)"
same "ls" "$(redoxfs-ls /dev/vdb | wc -l)" 2
check "scrub" redoxfs-scrub /dev/vdb
check "debug" redoxfs-debug /dev/vdb
check "extract" sh -c 'mkdir /tmp/got && redoxfs-extract /dev/vdb /tmp/got && cmp /tmp/got/numbers /tmp/tree/numbers'
check "mounted again" mount -t redoxfs -o compress /dev/vdb /tmp/m
same "all is there" "$(md5sum </tmp/m/numbers)" "$(md5sum </tmp/tree/numbers)"
yes 'the same again' | head -c 1000000 >/tmp/m/same; sync
check "umount again" umount /tmp/m
check "fsck again" redoxfs-fsck --quiet /dev/vdb
same "what was stored shorter" "$(redoxfs-cat /dev/vdb /same | md5sum)" "$(yes 'the same again' | head -c 1000000 | md5sum)"
check "mkfs with a tree, on the same disk" redoxfs-mkfs -d /tmp/tree /dev/vdb
check "is mounted" mount -t redoxfs /dev/vdb /tmp/m
same "and is the tree" "$(cd /tmp/m; cat link | md5sum; ls | wc -l)" "$(md5sum </tmp/tree/numbers; echo 2)"
umount /tmp/m
check "read-only" mount -r -t redoxfs /dev/vdb /tmp/m
refuse "nothing is made there" touch /tmp/m/new
umount /tmp/m
refuse "a type that disks have not" mount -t nofs /dev/vdb /tmp/m
refuse "what is no disk" mount -t redoxfs /dev/null /tmp/m
refuse "no such disk" mount -t redoxfs /dev/vdz /tmp/m
refuse "noise has no filesystem" mount -t redoxfs /dev/vda /tmp/m
refuse "nor another one" mount -t ext4 /dev/vdb /tmp/m
check "after all this it is mounted" mount -t redoxfs /dev/vdb /tmp/m
echo last >/tmp/m/last; cp /tmp/m/numbers /tmp/m/copy
for process in $(ps | awk '$3 ~ /^\[(disk|virtio-blkd|redoxfs):/ { print $1 }'); do kill -9 $process; done
i=0; until [ "$(cat /tmp/m/numbers 2>/dev/null | md5sum)" = "$(md5sum </tmp/tree/numbers)" ] || [ $i = 200 ]; do i=$((i + 1)); usleep 50000; done
same "server, driver and file server die: it is there again" "$(md5sum </tmp/m/numbers)" "$(md5sum </tmp/tree/numbers)"
i=0; until [ "$(wc -c </dev/vda 2>/dev/null)" = 4194304 ] || [ $i = 200 ]; do i=$((i + 1)); usleep 50000; done
same "and so are the disks" "$(wc -c </dev/vda)" 4194304
END
if $tools/redoxfs-fsck --quiet "$work/blank" >"$work/fsck" 2>&1; then ok "outside it is sound"; else not_ok "outside it is sound" "$(cat "$work/fsck")"; fi
equal "and the tree is in it" "$($tools/redoxfs-cat "$work/blank" /numbers | md5sum)" "$(seq 5000 | md5sum)"

if [ -d build/ports/libsodium ]; then
    truncate -s 24M "$work/secret"
    echo battery >"$work/password"
    inside "an encrypted disk" --disk "$work/secret" --add "$work/password:/run/password" <<'END'
check "mkfs, encrypted" redoxfs-mkfs --encrypt --password-file /run/password /dev/vda
mkdir /tmp/m
refuse "without the password" mount -t redoxfs /dev/vda /tmp/m
refuse "with a wrong one" mount -t redoxfs -o password=horse /dev/vda /tmp/m
check "with the right one" mount -t redoxfs -o password=battery /dev/vda /tmp/m
seq 1000 >/tmp/m/numbers
check "umount" umount /tmp/m
check "fsck" redoxfs-fsck --quiet --password-file /run/password /dev/vda
same "nothing of it can be read" "$(grep -c 999 /dev/vda)" 0
END
    equal "outside it opens with the password" "$($tools/redoxfs-cat --password-file "$work/password" "$work/secret" /numbers | md5sum)" "$(seq 1000 | md5sum)"
fi

# The server is killed again and again under a reader and a writer: what fsync said is there is there, and all of it is sound.
truncate -s 48M "$work/killed" && $tools/redoxfs-mkfs "$work/killed" || not_ok "a volume for the kills" "$?"
inside "kills" --smp 2 --memory 64M --disk "$work/killed" <<'END'
cd /mnt/0
server() { ps | awk '$3 ~ /redoxfs:/ { print $1 }'; }
head -c 700000 /bin/busybox >base; sync; want=$(md5sum <base)
(i=0; while [ ! -e /tmp/stop ]; do
    i=$((i + 1))
    head -c ${i}999 /bin/busybox 2>/dev/null | dd of=w$i bs=64k conv=fsync 2>/dev/null && echo "$(head -c ${i}999 /bin/busybox | md5sum | head -c 32)  w$i" >>/tmp/done
done) &
(while [ ! -e /tmp/stop ]; do
    got=$(md5sum <base 2>/dev/null) || continue # an error is an answer; other bytes are not
    [ "$got" = "$want" ] || echo wrong >>/tmp/wrong
done) &
for round in 1 2 3 4 5 6; do
    before=$(wc -l </tmp/done 2>/dev/null || echo 0)
    old=$(server); kill -9 $old
    i=0; while new=$(server); [ -z "$new" ] || [ "$new" = "$old" ]; do i=$((i + 1)); [ $i -lt 400 ] || break; usleep 50000; done
    i=0; while [ "$(wc -l </tmp/done 2>/dev/null || echo 0)" -le $before ] && [ $i -lt 400 ]; do i=$((i + 1)); usleep 50000; done
    same "round $round: the writer goes on" "$([ $i -lt 400 ] && echo on)" on
done
touch /tmp/stop; wait
same "nothing was read wrong" "$(cat /tmp/wrong 2>/dev/null)" ""
same "all that was synced is there" "$(md5sum -c /tmp/done 2>&1 | grep -vc ': OK$')" 0
END
if $tools/redoxfs-fsck --quiet "$work/killed" >"$work/fsck" 2>&1; then ok "and it is sound"; else not_ok "and it is sound" "$(cat "$work/fsck")"; fi
