#!/bin/sh
# SPDX-License-Identifier: MIT
# busybox's shell and tools: pipes, redirection, expansion, background jobs.
. "$(dirname "$0")/lib.sh"
inside shell <<'END'
same "a pipe" "$(echo one two | wc -w)" 2
same "a long pipe" "$(seq 1 20000 | sort -n | tail -n 1)" 20000
same "a pipe whose reader leaves" "$(yes | head -n 3 | wc -l)" 3
same "substitution" "$(echo $(echo deep $(echo deeper)))" "deep deeper"
cd /tmp
echo first >file; echo second >>file
same "redirection and append" "$(cat file | tr '\n' ,)" first,second,
same "a here document" "$(cat <<X
text $((6 * 7))
X
)" "text 42"
mkdir globs && touch globs/a1 globs/a2 globs/b1
same "a pattern" "$(echo globs/a*)" "globs/a1 globs/a2"
same "a loop" "$(for i in 1 2 3; do printf $i; done)" 123
same "a subshell keeps its folder" "$(cd / && pwd)-$PWD" "/-/tmp"
sleep 0.2 & wait $!; same "a background job" $? 0
false & wait $!; same "the status of a background job" $? 1
(exit 9); same "the status of a subshell" $? 9
trap 'trapped=yes' USR1; kill -USR1 $$; same "a trap" "${trapped-no}" yes
same "standard error into a pipe" "$(ls /nothing 2>&1 | grep -c nothing)" 1
same "awk" "$(printf '1 2\n3 4\n' | awk '{ s += $2 } END { print s }')" 6
same "sed" "$(echo hello | sed 's/l*o/p/')" hep
same "xargs" "$(seq 5 | xargs -n 2 echo | wc -l)" 3
same "find" "$(find globs -name 'a*' | wc -l)" 2
check "tar there and back" sh -c 'tar cf t.tar globs && mkdir back && tar xf t.tar -C back && test -e back/globs/b1'
check "gzip there and back" sh -c 'seq 1 5000 >n && gzip -c n | gunzip -c | cmp - n'
same "the environment" "$(A=5 env | grep ^A=)" A=5
same "md5sum" "$(printf abc | md5sum | cut -d' ' -f1)" 900150983cd24fb0d6963f7d28e17f72
same "seconds pass" "$(a=$(date +%s); sleep 1; b=$(date +%s); [ $((b - a)) -ge 1 ] && echo yes)" yes
END
inside bash <<'END'
same "bash runs" "$(/bin/bash -c 'a=(1 2 3); echo ${#a[@]}')" 3
same "bash substitution of processes" "$(/bin/bash -c 'cat <(echo x)')" x
same "bash pipefail" "$(/bin/bash -c 'set -o pipefail; false | true; echo $?')" 1
END
