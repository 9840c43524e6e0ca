#!/bin/sh
# SPDX-License-Identifier: MIT
# The system's root on a disk: a volume with the mark, the one that root= names, and what happens when there is none.
. "$(dirname "$0")/lib.sh"
tools=build/host/bin
tree=$work/tree
mkdir -p "$tree/bin" "$tree/etc" "$tree/mnt" "$tree/root"
cp "$(command -v busybox)" "$tree/bin/busybox" && ln -s busybox "$tree/bin/sh" && cp image/etc/passwd image/etc/group "$tree/etc"
for applet in awk cat head kill ls md5sum mkdir mount ps seq sync usleep wc; do ln -s busybox "$tree/bin/$applet"; done
echo disk >"$tree/etc/which"
$tools/redoxfs-mkfs -d "$tree" "$work/plain" 48M || not_ok "redoxfs-mkfs makes an image" "$?"
touch "$tree/etc/macrohard.root"
$tools/redoxfs-mkfs -d "$tree" "$work/marked" 48M || not_ok "redoxfs-mkfs makes an image with the mark" "$?"
sound() { # NAME IMAGE [OPTIONS...]
    name=$1 image=$2
    shift 2
    if $tools/redoxfs-fsck --quiet "$@" "$image" >"$work/fsck" 2>&1; then ok "$name"; else not_ok "$name" "$(cat "$work/fsck")"; fi
}
boot() { # NAME WANTED SCRIPT OPTIONS...: what the script says, its lines joined; it is at /system/run/script or /run/script
    name=$1 wanted=$2 script=$3
    shift 3
    ./mh exec --no-build --timeout 100 --log "$work/log" --add "$work/$script:/run/script" "$@" >"$work/out" 2>&1
    equal "$name" "$(tr '\n' '|' <"$work/out")" "$wanted"
}

cat >"$work/first" <<'END'
mount | awk '$3 ~ "^/(dev|system|proc)?$" { print $1, $3 }'
cat /etc/which; ls /system/sbin/init
mkdir /root/new; head -c 300000 /bin/busybox >/root/new/part; md5sum </root/new/part; echo kept >/root/kept
END
cat >"$work/again" <<'END'
cat /root/kept; md5sum </root/new/part
driver() { ps | awk '$3 ~ /^\[?virtio-blkd/ { print $1 }'; }
old=$(driver); kill -9 $old; seq 20000 >/root/numbers; sync
while new=$(driver); [ -z "$new" ] || [ "$new" = "$old" ]; do usleep 50000; done
wc -l </root/numbers
END
part=$(head -c 300000 "$tree/bin/busybox" | md5sum)
boot "a volume with the mark is the root" "redoxfs /|dev /dev|ramfs /system|proc /proc|disk|/system/sbin/init|$part|" first \
    --memory 64M --disk "$work/marked" -- /bin/sh /system/run/script
sound "it is sound after the power went off" "$work/marked"
equal "what was written is on the disk" "$($tools/redoxfs-cat "$work/marked" /root/kept)" kept
boot "the next boot finds it, and its driver may die" "kept|$part|20000|" again --smp 2 --disk "$work/marked" -- /bin/sh /system/run/script
sound "it is sound after two boots" "$work/marked"

cat >"$work/which" <<'END'
mount | awk '$3 ~ "^/(mnt/.)?$" { sub("[0-9]", "N", $3); print $1, $3 }'
[ ! -e /etc/which ] || cat /etc/which
END
boot "a volume without the mark is no root" "ramfs /|redoxfs /mnt/N|" which --disk "$work/plain" -- /bin/sh /run/script
boot "root=memory: the mark is not looked at" "ramfs /|redoxfs /mnt/N|" which --disk "$work/marked" --append root=memory -- /bin/sh /run/script
boot "root=first: any volume will do" "redoxfs /|disk|" which --disk "$work/plain" --append root=first -- /bin/sh /system/run/script
boot "--root means one of two" "redoxfs /|redoxfs /mnt/N|disk|" which --disk "$work/marked" --root "$work/plain" -- /bin/sh /system/run/script
boot "a root that is not there: the system in memory" "ramfs /|redoxfs /mnt/N|" which --disk "$work/marked" \
    --append root=01234567-89ab-cdef-0123-456789abcdef -- /bin/sh /run/script
if grep -q 'no volume is the root' "$work/log"; then ok "is said in the log"; else not_ok "is said in the log" "$(tail -n 5 "$work/log")"; fi
equal "./mh run --root gives its shell a script" "$(echo 'cat /etc/which; ls /system/etc/units | wc -l' |
    ./mh run --no-build --direct --timeout 100 --root "$work/plain" 2>&1 | tr '\n' '|')" "disk|$(ls image/units | wc -l)|"

# An encrypted and compressed root: with its password only. The system's ciphers are another build than the tools'.
echo 'correct horse' >"$work/password" && echo battery >"$work/wrong"
$tools/redoxfs-mkfs --compress --encrypt --password-file "$work/password" -d "$tree" "$work/secret" 48M || not_ok "an encrypted image" "$?"
if [ -d build/ports/libsodium ]; then
    boot "an encrypted volume is the root" "redoxfs /|dev /dev|ramfs /system|proc /proc|disk|/system/sbin/init|$part|" first --memory 64M \
        --root "$work/secret" --password "$work/password" -- /bin/sh /system/run/script
    sound "it is sound" "$work/secret" --password-file "$work/password"
    equal "what was written is on the disk, encrypted" "$($tools/redoxfs-cat --password-file "$work/password" "$work/secret" /root/kept)" kept
fi
boot "without its password it is not mounted" "ramfs /|" which --disk "$work/secret" -- /bin/sh /run/script
boot "with a wrong one neither" "ramfs /|" which --disk "$work/secret" --password "$work/wrong" -- /bin/sh /run/script
if grep -q 'the volume is encrypted' "$work/log"; then ok "which is said in the log"; else not_ok "which is said in the log" "$(tail -n 5 "$work/log")"; fi
