#!/bin/sh
# SPDX-License-Identifier: MIT
# The correctness twins of osbench, on one and on two CPUs; on the build machine's Linux first, so that a twin that is wrong itself is seen.
. "$(dirname "$0")/lib.sh"
if build/twins >"$work/linux" 2>&1; then ok "they hold on the build machine"; else not_ok "they hold on the build machine" "$(grep '^not ok' "$work/linux")"; fi
for cpus in 1 2; do
    machine --smp $cpus --add build/twins:/bin/twins -- /bin/twins
    status=$?
    sed -n "s/^ok /ok $cpus cpu: /p; s/^not ok /not ok $cpus cpu: /p" "$work/out"
    case $status in
    0 | 1) equal "all of them ran, $cpus cpu" "$(grep -c -e '^ok ' -e '^not ok ' "$work/out")" "$(grep -c -e '^ok ' -e '^not ok ' "$work/linux")" ;;
    *) not_ok "all of them ran, $cpus cpu" "status $status: $(tail -n 5 "$work/err")" ;;
    esac
done
