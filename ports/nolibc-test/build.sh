#!/bin/sh
# SPDX-License-Identifier: MIT
# nolibc-test, the system-call test program of Linux's own source, as a static binary: build/ports/nolibc-test. The source comes from
# Debian's package linux-source-6.1 through the machine's own apt (checked by its signatures), is unpacked under build/ and kept there.
set -eu
cd "$(dirname "$0")/../.."
build=build/ports
[ ! -x $build/nolibc-test ] || exit 0
mkdir -p $build/download
if [ ! -d $build/nolibc-source ]; then
    (cd $build/download && apt-get -o APT::Sandbox::User=root download linux-source-6.1)
    dpkg-deb --fsys-tarfile $build/download/linux-source-6.1_*.deb | tar -xO --wildcards '*/linux-source-6.1.tar.xz' |
        tar -xJ -C $build/download --wildcards 'linux-source-6.1/tools/include/*' 'linux-source-6.1/tools/testing/selftests/nolibc/*' \
            'linux-source-6.1/include/uapi/*' 'linux-source-6.1/arch/x86/include/uapi/*'
    mv $build/download/linux-source-6.1 $build/nolibc-source
    rm -rf $build/download
fi
source=$build/nolibc-source
cc=${NOLIBC_CC:-clang-19}
$cc -Os -fno-ident -fno-asynchronous-unwind-tables -fno-stack-protector -static -nostdlib -w \
    -include $source/tools/include/nolibc/nolibc.h -o $build/nolibc-test.new \
    $source/tools/testing/selftests/nolibc/nolibc-test.c -fuse-ld=lld
mv $build/nolibc-test.new $build/nolibc-test
