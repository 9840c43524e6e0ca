#!/bin/sh
# SPDX-License-Identifier: MIT
# Limits of processes and of groups: what setrlimit promises (the same program on the build machine's Linux first), and what people
# do with ulimit.
. "$(dirname "$0")/lib.sh"
make -s build/tests/limitcheck >/dev/null || exit 1
if build/tests/limitcheck >"$work/linux" 2>&1; then ok "they hold on Linux"; else not_ok "they hold on Linux" "$(grep '^not ok' "$work/linux")"; fi
for cpus in 1 4; do
    machine --smp $cpus --add build/tests/limitcheck:/bin/limitcheck -- /bin/limitcheck
    status=$?
    sed -n "s/^ok /ok $cpus cpu: /p; s/^not ok /not ok $cpus cpu: /p" "$work/out"
    equal "setrlimit on $cpus CPUs" $status 0
done
inside "ulimit" <<'EOF'
same "ulimit shows what was set" "$(sh -c 'ulimit -n 50; ulimit -n')" 50
same "a child's ulimit is its own" "$(sh -c 'ulimit -n 50'; ulimit -n)" 1024
same "and its child's" "$(sh -c 'ulimit -f 8; sh -c "ulimit -f"')" 8
same "/proc/PID/limits shows it" "$(sh -c 'ulimit -n 50; grep "open files" /proc/self/limits' | tr -s ' ')" "Max open files 50 50 files "
(ulimit -f 1; head -c 5000 /dev/zero >/tmp/long) 2>/dev/null
same "a file stops at its limit" "$(wc -c </tmp/long)" 512
(ulimit -v 50000; busybox dd if=/dev/zero of=/dev/null bs=100M count=1) 2>/tmp/why && echo "not ok a limit of memory: it worked" || echo "ok a limit of memory"
EOF
