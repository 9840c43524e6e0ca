#!/bin/sh
# SPDX-License-Identifier: MIT
# Drivers, filesystems and the terminal server are killed at moments of chance, one to four CPUs, while files are read and written. A client
# may get an error; it never gets other bytes, and never waits for ever. What was synced before a kill is there at the end.
set -u
seed=$1
work=build/soak/kills.$seed.d
rm -rf "$work"
mkdir -p "$work/share" "$work/tree" || exit 1
trap 'rm -rf "$work"' EXIT
for n in 1 2 3 4 5 6 7 8; do head -c $((n * 30000 + seed % 4096)) /dev/urandom >"$work/tree/f$n"; done
cp "$work/tree"/* "$work/share"
(cd "$work/tree" && md5sum f*) >"$work/sums"
PATH=$PATH:/sbin:/usr/sbin
mke2fs -q -t ext4 -d "$work/tree" "$work/ext4" 16M || exit 1
build/host/bin/redoxfs-mkfs "$work/redoxfs" 64M >"$work/mkfs" 2>&1 || { cat "$work/mkfs"; exit 1; }
cat >"$work/script" <<'END'
cd /tmp
pid_of() { ps | awk -v n="$1" '{ sub(/^\[/, "", $3) } index($3, n) == 1 { print $1; exit }'; }
number=$SEED
chance() { number=$(((number * 1103515245 + 12345) % 2147483648)); picked=$((number / 65536 % $1)); }
read_all() { # FOLDER NAME: prints what was read and is wrong
    cd $1 || exit
    while [ ! -e /tmp/enough ]; do
        md5sum f1 f2 f3 f4 f5 f6 f7 f8 2>/tmp/errors.$2 | while read -r sum name; do
            grep -q "^$sum  $name\$" /run/sums || echo "wrong bytes: $1/$name"
        done
    done
}
write_all() { # ROUND
    n=0
    while [ ! -e /tmp/enough ]; do
        n=$((n + 1))
        dd if=/run/f1 of=/mnt/1/$1.$n conv=fsync 2>/dev/null && cmp -s /run/f1 /mnt/1/$1.$n 2>/dev/null && echo $1.$n >>/tmp/synced
    done
}
: >/tmp/synced
: >/tmp/wrong
for round in 1 2 3 4 5 6 7 8 9 10; do
    rm -f /tmp/enough
    (read_all /mnt/0 ext4 >>/tmp/wrong) & a=$!
    (read_all /share share >>/tmp/wrong) & b=$!
    (write_all $round) & c=$!
    victims="virtio-blkd ext4 redoxfs p9 ttyd"
    set -- $victims
    chance 5; shift $picked
    for victim in $1 ${2-}; do
        chance 60; usleep $((picked * 1000))
        old=$(pid_of $victim)
        [ -n "$old" ] && kill -9 $old && printf 'killed %s, ' $victim
    done
    usleep 100000
    : >/tmp/enough
    wait $a $b $c
    echo "round $round over"
done
i=0
until cat /mnt/0/f1 /mnt/1/1.1 /share/f1 >/dev/null 2>&1 || [ $i = 100 ]; do i=$((i + 1)); usleep 100000; done
bad=0
[ -s /tmp/wrong ] && { cat /tmp/wrong; bad=1; }
while read -r name; do cmp -s /run/f1 /mnt/1/$name || { echo "lost: $name"; bad=1; }; done </tmp/synced
echo "$(wc -l </tmp/synced) files were synced"
(cd /mnt/0 && md5sum -c /run/sums >/dev/null 2>&1) || { echo "ext4 does not read right at the end"; bad=1; }
(cd /share && md5sum -c /run/sums >/dev/null 2>&1) || { echo "the folder does not read right at the end"; bad=1; }
exit $bad
END
sed -i "1i SEED=$seed" "$work/script"
./mh exec --no-build --seed "$seed" --smp $((seed % 4 + 1)) --timeout 200 --disk "$work/ext4" --disk "$work/redoxfs" --share "$work/share" \
    --add "$work/script:/run/script" --add "$work/sums:/run/sums" --add "$work/tree/f1:/run/f1" -- /bin/sh /run/script
