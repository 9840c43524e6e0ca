/* SPDX-License-Identifier: MIT
 * Address spaces and memory objects, as user space asks for them. All lengths in bytes, all addresses page aligned. */
#pragma once
#include <stdint.h>

#define PAGE_SIZE_BYTES 4096u
#define USER_LOWEST  0x0000000000001000ull /* page 0 is never mapped */
#define USER_LIMIT   0x00007ffffffff000ull /* first address that no user mapping reaches */

enum : uint32_t {
    PROT_NONE_ = 0, PROT_READ_ = 1u << 0, PROT_WRITE_ = 1u << 1, PROT_EXECUTE_ = 1u << 2,
    PROT_MASK_ = 7,
    MAP_EXACT_     = 1u << 8,   /* at the address, replacing what is there */
    MAP_NO_REPLACE_= 1u << 9,   /* at the address, ERR_EXISTS when something is there */
    MAP_SHARED_    = 1u << 10,  /* writes reach the object; without it they are private copies */
    MAP_WIRED_     = 1u << 11,  /* present at once, never moved, copied eagerly by clone; thread blocks, receive buffers */
    MAP_POPULATE_  = 1u << 12,  /* fault everything in now */
    MAP_NO_CLONE_  = 1u << 13,  /* absent in a clone */
    MAP_GROWS_DOWN_= 1u << 14,  /* a stack: faults below it extend it, down to the next mapping's guard */
    MAP_UNCACHED_  = 1u << 15,  /* device memory; physical windows only */
    MAP_LOW_       = 1u << 16,  /* below 4 GiB */
    MAP_CLEAR_ON_CLONE_ = 1u << 17, /* zero in a clone */
};
/* W^X: PROT_WRITE_ with PROT_EXECUTE_ answers ERR_NOT_PERMITTED; changing from one to the other is allowed. */

enum : uint32_t { ADVISE_DISCARD = 1, /* private pages become zero again */ ADVISE_WILL_NEED = 2, ADVISE_CLEAR_ON_CLONE = 3,
                  ADVISE_KEEP_ON_CLONE = 4, ADVISE_NO_CLONE = 5, ADVISE_CLONE = 6, ADVISE_POPULATE_WRITE = 7 };
enum : uint32_t { REMAP_MAY_MOVE = 1, REMAP_EXACT = 2 };
enum : uint32_t { MEMORY_WIRED = 1, MEMORY_CONTIGUOUS = 2, /* one physical run, for DMA without an IOMMU; implies WIRED */
                  MEMORY_BELOW_4G = 4 };

struct mapping_info {
    uint64_t start, end, offset;
    uint32_t flags;       /* PROT_* | MAP_* */
    uint32_t kind;        /* 0: anonymous, else enum object_kind */
    uint64_t object_id;   /* 0: anonymous */
    uint64_t resident_bytes;
};
static_assert(sizeof(struct mapping_info) == 48);
