/* SPDX-License-Identifier: MIT
 * What the image for the C libraries and those who place it agree on. */
#pragma once

#define VDSO_TO_CLOCK 0x100000
