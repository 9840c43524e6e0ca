#!/bin/sh
# SPDX-License-Identifier: MIT
# ./mh bench --latency | --growth | --scaling [-v ROW]: those alone. ./mh bench ion: the shell beside others, on the build machine.
# ./mh bench [--refresh] [METRIC...]: osbench on Debian's Linux and on this system, in guest instructions; METRIC may end in *.
# The Linux column is kept for each kernel version under build/bench/ and measured once; --refresh measures it again.
set -u
cd "$(dirname "$0")/.." || exit 125
build=build/bench
mkdir -p $build
fail() {
    echo "mh: $*" >&2
    exit 125
}
refresh=''
if [ "${1-}" = --refresh ]; then
    refresh=yes
    shift
fi
metrics="$*"
limit=${BENCH_LIMIT:-1800}

# How late a real-time thread is behind its timer while the CPU is busy with system calls, forks, page faults and spaces that end. One CPU: with
# --icount the emulator runs several in turns of millions of instructions, which would be what is measured.
latency() {
    make -s build/bench/latency >/dev/null || fail "latency does not build"
    ./mh exec --icount --timeout 300 --add build/bench/latency:/bin/latency -- /bin/latency 3000 | awk '
        /^latency/ { printf "real-time wake-up under load, instructions: least %d, average %d, 99%% below %d, most %d, of %d\n", $2, $3, $4, $5, $6 }'
}

growth() {
    make -s build/bench/growth >/dev/null || fail "growth does not build"
    printf '%-22s %8s %8s\n' 'instructions, of' '10' '10,000'
    ./mh exec --icount --timeout 300 --add build/bench/growth:/bin/growth -- /bin/growth
}

# The counting flavour's table (docs/scaling.md), without --icount: real CPUs in parallel.
scaling() {
    make -s BUILD=build/count MH_COUNT=1 build/count/kernel.elf >/dev/null && make -s build/bench/scaling >/dev/null ||
        fail "the counting flavour does not build"
    MH_KERNEL=build/count/kernel.elf ./mh exec --smp 4 --timeout 300 --add build/bench/scaling:/bin/scaling -- /bin/scaling "$@"
}

case ${1-} in
--latency) latency; exit ;;
--growth) growth; exit ;;
--scaling) shift; scaling "$@"; exit ;;
ion) exec sh tests/bench/ion.sh ;;
esac

make -s build/bench/osbench build/host/bin/runner >/dev/null || fail "osbench does not build (./mh setup installs musl-tools)"

# -- Linux --------------------------------------------------------------------------------------------------------------
# The newest cloud kernel of the machine's own package sources; unpacked, not installed.
fetch_kernel() {
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
    [ -n "$package" ] || fail "no package linux-image-cloud-amd64 (apt-get update?)"
    [ -d "$build/$package" ] && return
    echo "mh: downloading $package" >&2
    rm -rf "$build/download" && mkdir -p "$build/download"
    (cd "$build/download" && apt-get -o APT::Sandbox::User=root download "$package" >/dev/null 2>&1) || fail "apt-get download $package failed"
    dpkg-deb -x "$build"/download/*.deb "$build/$package.new" || fail "cannot unpack $package"
    mv "$build/$package.new" "$build/$package"
    rm -rf "$build/download"
}

make_initrd() {
    root=$(mktemp -d) || fail "no temporary folder"
    mkdir -p "$root/bin" "$root/dev" "$root/proc" "$root/sys" "$root/tmp" "$root/mnt"
    cp tests/bench/linux_init.sh "$root/init" && chmod 755 "$root/init"
    cp $build/osbench "$root/osbench" && cp "$(command -v busybox)" "$root/bin/busybox" || fail "cannot make the initramfs"
    [ "$(id -u)" != 0 ] || mknod -m 600 "$root/dev/console" c 5 1
    (cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >$build/initrd.cpio || fail "cannot pack the initramfs"
    rm -rf "$root"
}

linux_run() { # LOG: osbench on Linux
    make_initrd
    timeout -k 10 "$limit" build/host/bin/runner run --log "$1" --until "END" --timeout "$limit" -- \
        qemu-system-x86_64 -machine q35,accel=tcg -cpu max,-erms,-fsrm -icount shift=0,sleep=off -m 1G -seed 1 -nodefaults \
        -display none -no-reboot -rtc base=2026-01-01,clock=vm -kernel "$build/$package/boot/vmlinuz-${package#linux-image-}" \
        -initrd $build/initrd.cpio -append "console=ttyS0 quiet panic=-1 OSB=\"$metrics\"" >&2 || fail "Linux did not run"
}

# `name value` for each line of osbench; a metric that was skipped has the value -.
values() {
    tr -d '\r' <"$1" | awk '/^BEGIN/ { on = 1; next } /^END/ { on = 0 }
        (on || !marked) && $2 == "skip" { print $1, "-"; next }
        (on || !marked) && NF >= 4 && $2 ~ /^[0-9.]+$/ && $3 ~ /^(ticks|ns)/ { print $1, $2 }' marked="$2"
}

fetch_kernel
table=$build/$package-$(cksum <tests/bench/osbench.c | cut -d' ' -f1).tsv
if [ -n "$refresh" ] || [ ! -s "$table" ] || [ -n "$metrics" ]; then
    [ -z "$metrics" ] || table=$build/$package-selected.tsv
    echo "mh: osbench on $package" >&2
    linux_run $build/linux.log
    values $build/linux.log yes >"$table"
    [ -s "$table" ] || fail "osbench printed nothing on Linux: see $build/linux.log"
fi

# -- this system --------------------------------------------------------------------------------------------------------
echo "mh: osbench on this system" >&2
# shellcheck disable=SC2086
./mh exec --icount --timeout "$limit" --log $build/ours.kernel.log -- /bin/osbench $metrics >$build/ours.log
status=$?
[ $status = 0 ] || echo "mh: osbench ended with status $status here; what it printed is in the table" >&2
values $build/ours.log '' >$build/ours.tsv

awk 'NR == FNR { ours[$1] = $2; next }
    !printed { printf "%-28s %14s %14s %8s\n", "metric", "Linux", "ours", "ratio"; printed = 1 }
    {
        o = ($1 in ours) ? ours[$1] : "-"
        ratio = "-"
        if ($2 + 0 > 0 && o + 0 > 0) {
            ratio = sprintf("%.3f", o / $2)
            sum += log(o / $2)
            n++
            better += o < $2
        }
        printf "%-28s %14s %14s %8s\n", $1, $2, o, ratio
    }
    END { if (n) printf "%d metrics on both, %d of them better here, geometric mean of the ratios %.3f\n", n, better, exp(sum / n) }' \
    $build/ours.tsv "$table" | tee $build/table.txt
[ -n "$metrics" ] || { latency && growth; }

# -- native primitives, which Linux has no counterpart of ----------------------------------------------------------------
if [ -z "$metrics" ]; then
    ./mh exec --no-build --icount --append unit=costs -- /bin/sleep 1000000 2>/dev/null |
        awk '!printed { printf "\n%-28s %14s %14s %14s\n", "native primitive", "instructions", "switches", "table loads"; printed = 1 }
            $1 == "cost" { printf "%-28s %14s %14s %14s\n", $2, $3, $5, $7 }' | tee $build/native.txt
fi
exit $status
