#!/bin/sh
# SPDX-License-Identifier: MIT
# Names, attributes and contents, on the filesystem in memory.
. "$(dirname "$0")/lib.sh"
inside files <<'END'
cd /tmp
check "mkdir -p" mkdir -p a/b/c
refuse "mkdir of what exists" mkdir a
refuse "rmdir of what is not empty" rmdir a
check "rmdir" rmdir a/b/c
echo text >f
same "size" "$(stat -c %s f)" 5
chmod 640 f; same "chmod" "$(stat -c %a f)" 640
ln f g; same "a hard link" "$(stat -c %h f)-$(stat -c %i f)" "2-$(stat -c %i g)"
ln -s f s; same "a symbolic link" "$(readlink s)-$(cat s)" f-text
ln -s loop2 loop1; ln -s loop1 loop2; refuse "a loop of links" cat loop1
mv f h; same "rename" "$(cat h)-$([ -e f ] || echo gone)" text-gone
echo new >n; mv n h; same "rename over a file" "$(cat h)" new
refuse "rename of a folder into itself" mv a a/b
rm h g; same "unlink" "$([ -e g ] || echo gone)" gone
exec 3>open; rm open; echo kept >&3; same "a file without a name stays open" $? 0; exec 3>&-
touch -d '2001-02-03 04:05:06' t; same "times" "$(date -r t +%Y-%m-%d)" 2001-02-03
dd if=/dev/zero of=big bs=65536 count=64 2>/dev/null; same "four MiB" "$(stat -c %s big)" 4194304
same "they are zeros" "$(tr -d '\0' <big | wc -c)" 0
dd if=/dev/zero of=sparse bs=1 count=1 seek=10000000 2>/dev/null
same "a hole" "$(stat -c %s sparse)-$([ $(du -k sparse | cut -f1) -lt 1000 ] && echo small)" 10000001-small
truncate -s 3 big; same "truncate" "$(stat -c %s big)" 3
seq 1 1000 >w; dd if=/dev/null of=w seek=1 bs=10 2>/dev/null; same "cut short" "$(wc -c <w)" 10
mkdir many; i=0; while [ $i -lt 300 ]; do : >many/$i; i=$((i + 1)); done
same "300 names" "$(ls many | wc -l)" 300
rm -r many; same "and none" "$([ -e many ] || echo gone)" gone
refuse "no such file" cat nothing
refuse "a file is no folder" ls w/x
refuse "a folder is no file" sh -c 'echo x >a'
same "null" "$(cat /dev/null | wc -c)" 0
same "zero" "$(head -c 100 /dev/zero | wc -c)" 100
check "umask" sh -c 'umask 077; : >private; test $(stat -c %a private) = 600'
name=$(printf 'n%.0s' $(seq 255)); check "a name of 255 bytes" touch $name
refuse "a name of 256 bytes" touch n$name
check "mkfifo" sh -c 'mkfifo p && (echo through >p &) && test "$(cat p)" = through'
same "df knows the root" "$(df / | wc -l)" 2
check "cp -a" sh -c 'mkdir d && echo 1 >d/1 && ln -s 1 d/2 && cp -a d e && test "$(cat e/2)" = 1'
END
