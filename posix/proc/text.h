/* SPDX-License-Identifier: MIT
 * Texts of the process's own /proc files, written into a stream. */
#pragma once
#include "abi/handle.h"
#include "abi/memory.h"
#include "abi/status.h"
#include "base/types.h"

enum status maps_write(handle_t to);
enum status environment_write(handle_t to);
/* Directory records of abi/file.h, one for each open descriptor, each DESCRIPTOR_RECORD_BYTES long; the cookie is the offset behind it. */
enum status descriptors_write(handle_t to);
#define DESCRIPTOR_RECORD_BYTES 32u

/* One line of /proc/self/maps, newline included; the name may be empty. Returns its length, at most `size` - 1. Pure. */
size_t maps_line(char *to, size_t size, const struct mapping_info *mapping, const char *name);
