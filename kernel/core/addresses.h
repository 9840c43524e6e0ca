/* SPDX-License-Identifier: MIT
 * Three kinds of address that cannot be mistaken for one another. Conversions live here and nowhere else. */
#pragma once
#include "base/types.h"

typedef struct { uint64_t value; } phys_addr_t;
typedef struct { uint64_t value; } user_addr_t;   /* never dereferenced: copy functions only (kernel/mm/user_copy.h) */

#define PAGE_BITS 12
#define PAGE_BYTES 4096ull

static inline phys_addr_t phys(uint64_t value) { return (phys_addr_t){value}; }
static inline user_addr_t user(uint64_t value) { return (user_addr_t){value}; }
static inline phys_addr_t phys_add(phys_addr_t p, uint64_t bytes) { return phys(p.value + bytes); }
static inline user_addr_t user_add(user_addr_t u, uint64_t bytes) { return user(u.value + bytes); }

/* All usable RAM is mapped here, writable and not executable; the base is random, set once by the early boot code. */
extern uint64_t direct_map_base;
static inline void *phys_to_virt(phys_addr_t p) { return (void *)(direct_map_base + p.value); }
static inline phys_addr_t virt_to_phys(const void *v) { return phys((uint64_t)v - direct_map_base); } /* direct map only */
