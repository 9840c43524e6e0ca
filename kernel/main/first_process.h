/* SPDX-License-Identifier: MIT
 * The only process that the kernel makes itself: init, from sbin/init of the initfs, with the handles of abi/start.h. */
#pragma once
#include "abi/boot.h"
#include "abi/status.h"

enum status first_process_start(const struct boot_info *boot);
