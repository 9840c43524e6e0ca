/* SPDX-License-Identifier: MIT
 * The memory ranges of struct boot_info: always ascending, never overlapping, neighbours of the same kind joined. */
#pragma once
#include "abi/boot.h"
#include "base/span.h"

/* [start, start + length) is now of this kind, whatever it was. Usable memory shrinks to whole pages, everything else grows to
 * them. ERR_NO_SPACE when the table is full, ERR_OUT_OF_RANGE when the range wraps; the list is then as before. */
enum status boot_ranges_mark(struct boot_info *info, uint64_t start, uint64_t length, enum boot_memory kind);
/* The highest `length` bytes of usable memory that end below `limit` and start at or above `lowest`, page aligned. */
enum status boot_ranges_find(const struct boot_info *info, uint64_t length, uint64_t lowest, uint64_t limit, uint64_t *out_start);
/* The value of the command-line word NAME=VALUE; ERR_NOT_FOUND without it. */
enum status boot_command_word(const struct boot_info *info, struct view name, struct view *out_value);
