#!/bin/sh
# SPDX-License-Identifier: MIT
# Who may name what, names under contention, directories that go away, devices, mounts.
. "$(dirname "$0")/lib.sh"
inside permissions <<'END'
cd /tmp; as() { su -s /bin/sh nobody -c "$1"; }
echo secret >/root/s; chmod 700 /root
refuse "a closed folder" as 'cat /root/s'
refuse "making a name in root's folder" as 'touch /etc/x'
refuse "removing a name in root's folder" as 'rm /etc/passwd'
check "a file of one's own" as 'echo x >/tmp/n1'
same "its owner" "$(stat -c %u n1)" 65534
touch r1; chmod 600 r1
refuse "sticky: another's file in /tmp" as 'rm -f /tmp/r1; test ! -e /tmp/r1'
refuse "sticky: renaming it" as 'mv /tmp/r1 /tmp/r2'
refuse "reading it" as 'cat /tmp/r1'
refuse "giving a file away" as 'chown 0 /tmp/n1'
refuse "chmod of another's" as 'chmod 777 /tmp/r1'
as 'chmod 4755 /tmp/n1'; chown 0:0 n1; same "a file that changes hands is not set-id" "$(stat -c %a n1)" 755
mkdir -m 2777 g; chgrp 7 g; as 'mkdir /tmp/g/d; touch /tmp/g/f'
same "a set-group-id folder hands its group on" "$(stat -c %g-%a g/d) $(stat -c %g g/f)" "7-2755 7"
mkdir jail; echo out >/tmp/x; cp /bin/busybox jail; ln -s /tmp/x jail/l
same "chroot is a wall" "$(chroot jail /busybox cat /l /../tmp/x 2>&1 | wc -l)" 2
END
inside names <<'END'
cd /tmp; mkdir s; cd s
for w in 1 2 3; do ( i=0; while [ $i -lt 25 ]; do
echo $w$i >f$w; mv f$w g$w; ln g$w h$w; rm g$w; test "$(cat h$w)" = $w$i || echo bad >>../bad; rm h$w
echo x >shared; mv shared other 2>/dev/null; mkdir d 2>/dev/null; rmdir d 2>/dev/null; i=$((i+1)); done ) & done; wait
rm -f other shared; same "three at one folder" "$(cat ../bad 2>/dev/null)$(ls)" ""
mkdir gone; cd gone; rmdir ../gone; refuse "a folder that is gone takes no names" touch x
same "and has none" "$(ls -a | wc -l)" 0
cd /tmp; i=0; while [ $i -lt 40 ]; do d=a-rather-long-name-of-a-folder-$i; mkdir $d; cd $d; i=$((i+1)); done
same "deep" "$(pwd | tr -cd / | wc -c)" 41
cd /tmp; rm -r a-*; same "and removed" "$(ls -d a-* 2>/dev/null)" ""
same "urandom" "$(head -c 5000 /dev/urandom | wc -c)" 5000
refuse "full" sh -c 'echo x >/dev/full'
mknod n c 1 3; check "a device node anywhere" sh -c 'echo x >n; test ! -s n'
mknod b b 8 0; refuse "a device that nobody serves" cat b
same "mounts" "$(cut -d' ' -f2 /proc/mounts | sort | tr '\n' ' ')" "/ /dev /dev/shm /proc "
same "self" "$(cat /proc/self/comm)" cat
refuse "names in /proc" touch /proc/x
refuse "names in /dev" touch /dev/x
check "but in /dev/shm" touch /dev/shm/x
mkdir /tmp/m; echo below >/tmp/m/f
check "mount tmpfs" mount -t tmpfs none /tmp/m
same "it is empty, and its own filesystem" "$(ls /tmp/m)$(stat -c %d /tmp/m | grep -vx "$(stat -c %d /tmp)" | wc -l)" 1
echo up >/tmp/m/g; check "mv across filesystems" mv /tmp/m/g /tmp/g
refuse "umount while in use" sh -c 'cd /tmp/m; umount /tmp/m'
check "umount" umount /tmp/m; same "what was below" "$(cat /tmp/m/f)" below
refuse "mount as nobody" su -s /bin/sh nobody -c 'mount -t tmpfs none /tmp/m'
END
