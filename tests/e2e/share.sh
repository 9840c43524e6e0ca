#!/bin/sh
# SPDX-License-Identifier: MIT
# A folder of the host at /share (9P over virtio): what is written on one side is there on the other.
. "$(dirname "$0")/lib.sh"
share=$work/share
mkdir "$share" "$share/many"
# Around pages, and around what one message carries (128 KiB).
sizes='0 1 4095 4096 4097 8192 131071 131072 131073 135168 393217'
for size in $sizes; do head -c "$size" /dev/urandom >"$share/from-$size"; done
(cd "$share" && md5sum from-* >sums)
i=0
while [ $i -lt 1000 ]; do : >"$share/many/name-$i"; i=$((i + 1)); done
head -c 5000000 /dev/urandom >"$share/big"
big=$(md5sum <"$share/big")
ln -s from-1 "$share/link"
truncate -s 1G "$share/sparse"
printf end >>"$share/sparse"

inside share --share "$share" <<END
cd /share
check "files of all sizes read as they are" md5sum -c sums
same "five megabytes" "\$(md5sum <big)" "$big"
same "1000 names" "\$(ls many | wc -l) \$(ls many | sort | tail -n 1)" "1000 name-999"
same "a link of the host" "\$(readlink link)-\$(cat link | wc -c)" from-1-1
for size in $sizes; do head -c \$size big >to-\$size; done
md5sum to-* >/tmp/to; check "what was written reads the same" md5sum -c /tmp/to
cp /tmp/to to.sums
mkdir -p a/b; check "a folder in a folder" test -d a/b
refuse "mkdir of what exists" mkdir a
refuse "rmdir of what is not empty" rmdir a
check "rmdir" rmdir a/b
ln -s target made; same "a symbolic link" "\$(readlink made)" target
echo text >f; ln f g; same "a hard link" "\$(stat -c %h g)-\$(cat g)" 2-text
mv f h; same "rename" "\$(cat h)-\$([ -e f ] || echo gone)" text-gone
echo new >n; mv n h; same "rename over a file" "\$(cat h)" new
mv h a/moved; same "rename into a folder" "\$(cat a/moved)" new
printf one >log; printf two >>log; printf three >>log; same "append" "\$(cat log)" onetwothree
head -c 10000 big >cut; truncate -s 5000 cut; same "truncate" "\$(md5sum <cut)" "\$(head -c 5000 big | md5sum)"
truncate -s 9000 cut; same "what comes back is zeros" "\$(tail -c 4000 cut | tr -d '\\0' | wc -c)" 0
chmod 640 cut; same "chmod" "\$(stat -c %a cut)" 640
touch -d '2001-02-03 04:05:06' cut; same "times" "\$(date -r cut +%Y-%m-%d)" 2001-02-03
exec 3>open; rm open; echo kept >&3; same "a file without a name stays open" \$? 0; exec 3>&-
exec 3<>late; echo data >&3; rm late; check "and is read" sh -c 'cat /proc/self/fd/3 >/dev/null'; exec 3>&-
dd if=/dev/zero of=hole bs=1 count=1 seek=1000000 2>/dev/null; same "a hole" "\$(stat -c %s hole)" 1000001
rm -r many; same "1000 names are gone" "\$([ -e many ] || echo gone)" gone
refuse "no such file" cat nothing
refuse "a name too long" touch \$(printf 'n%.0s' \$(seq 256))
same "df knows it" "\$(df /share | wc -l)" 2
sync
END
written=$(cd "$share" && md5sum -c to.sums 2>&1 | grep -c ': OK$')
equal "what was written is on the host" "$written" 11
equal "append is on the host" "$(cat "$share/log")" onetwothree
equal "truncate is on the host" "$(stat -c %s-%a-%y "$share/cut" | cut -c 1-19)" 9000-640-2001-02-03
equal "rename is on the host" "$(cat "$share/a/moved")" new
equal "a link is on the host" "$(readlink "$share/made")" target
equal "what was removed is gone" "$([ -e "$share/many" ] || [ -e "$share/open" ] || echo gone)" gone

inside "share in little memory" --memory 112M --share "$share" <<END
check "a gibibyte of hole passes through" sh -c 'test "\$(dd if=/share/sparse bs=1M 2>/dev/null | tail -c 3)" = end'
dd if=/share/sparse of=/share/out bs=1M skip=1000 2>/dev/null; same "and back" "\$(stat -c %s /share/out)-\$(tail -c 3 /share/out)" 25165827-end
END

# Nothing there is open for writing because somebody here reads it: Linux would not let the build machine start it.
cp "$(command -v busybox)" "$share/busybox"
rm -f "$share/reading" "$share/tried"
machine --share "$share" -- /bin/sh -c 'exec 3</share/busybox; md5sum <&3; /share/busybox touch /share/reading
    i=0; until [ -e /share/tried ] || [ $i = 600 ]; do i=$((i + 1)); usleep 50000; done' &
inside=$!
i=0; until [ -e "$share/reading" ] || [ $i = 600 ]; do i=$((i + 1)); sleep 0.05; done
equal "a program that runs here can be started there" "$("$share/busybox" echo started 2>&1)" started
: >"$share/tried"
wait $inside
