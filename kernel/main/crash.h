/* SPDX-License-Identifier: MIT
 * Ending on purpose, when the command line asks for it with crash=KIND: so that tests see what a person would read. */
#pragma once
#include "abi/boot.h"

void crash_if_asked(const struct boot_info *boot);
