#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# Process 1 of the Linux that ./mh bench compares with: mounts what a system has, runs osbench, powers off.
B=/bin/busybox
$B mount -t proc proc /proc
$B mount -t sysfs sysfs /sys
$B mount -t devtmpfs dev /dev 2>/dev/null
$B mount -t tmpfs tmp /tmp
$B ifconfig lo 127.0.0.1 up
echo BEGIN
# $OSB comes from the kernel's command line.
/osbench $OSB
echo END
$B poweroff -f
