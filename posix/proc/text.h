/* SPDX-License-Identifier: MIT
 * Texts of the process's own /proc files, written into a stream. */
#pragma once
#include "abi/handle.h"
#include "abi/memory.h"
#include "abi/status.h"
#include "base/types.h"

enum status maps_write(handle_t to);
enum status environment_write(handle_t to);

/* One line of /proc/self/maps, newline included; the name may be empty. Returns its length, at most `size` - 1. Pure. */
size_t maps_line(char *to, size_t size, const struct mapping_info *mapping, const char *name);
