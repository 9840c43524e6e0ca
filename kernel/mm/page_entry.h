/* SPDX-License-Identifier: MIT
 * What a memory or file object keeps for each page: the frame and the page's state (abi/file.h), in one word of its radix tree. An
 * absent page has no entry. Memory objects and memory files only know DIRTY. */
#pragma once
#include "kernel/core/addresses.h"

enum page_state : uint32_t { PAGE_ABSENT = 0, PAGE_READING = 1, PAGE_CLEAN = 2, PAGE_DIRTY = 3, PAGE_WRITING = 4 };
#define PAGE_STATE_MASK 7ull
#define PAGE_USED (1ull << 3)      /* read since the clock hand passed */
#define PAGE_REDIRTY (1ull << 4)   /* WRITING that must be DIRTY again when it ends (the server failed) */

static inline uint64_t page_entry(phys_addr_t frame, enum page_state state) { return frame.value | state; }
static inline enum page_state page_state(uint64_t entry) { return (enum page_state)(entry & PAGE_STATE_MASK); }
static inline phys_addr_t page_frame(uint64_t entry) { return phys(entry & ~0xfffull); }
static inline uint64_t page_with_state(uint64_t entry, enum page_state state) { return (entry & ~PAGE_STATE_MASK) | state; }
/* Has contents that may be read. */
static inline bool page_is_present(uint64_t entry) { return page_state(entry) >= PAGE_CLEAN; }
