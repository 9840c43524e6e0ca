/* SPDX-License-Identifier: MIT
 * Names for addresses in the kernel's text, from a table that the build puts into the image. Constant; usable at any time. */
#pragma once
#include "base/types.h"

struct symbol { const char *name; uint64_t offset; };
/* The function that holds the address; false when it is not in the kernel's text. */
bool symbol_find(uint64_t address, struct symbol *out);
/* Logs "  0xffffffff812345678 name+0x12" for each frame, from this address and frame pointer outwards. */
void backtrace_log(uint64_t address, uint64_t frame_pointer);
