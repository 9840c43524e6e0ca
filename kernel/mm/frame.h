/* SPDX-License-Identifier: MIT
 * Physical frames: who owns each one, and how to get and return them.
 *
 * Every usable 4 KiB page has one struct frame and is in exactly one state. A frame in use is counted: whoever stores its number
 * (a page-table entry, a page of an object, a pin) holds one reference; the last frame_put frees it. Zones are split by what
 * devices can reach and by node; each CPU keeps a small stack of free frames in front of them.
 * All functions are callable with any lock below RANK_FRAME held, and never sleep. */
#pragma once
#include "abi/boot.h"
#include "abi/status.h"
#include "kernel/core/addresses.h"

enum frame_state : uint8_t {
    FRAME_ABSENT = 0,    /* not RAM, or RAM that is not ours to give */
    FRAME_FREE,          /* head of a free block of 2^order frames */
    FRAME_FREE_INNER,    /* inside a free block */
    FRAME_CACHED,        /* free, on some CPU's stack */
    FRAME_KERNEL,        /* kernel data, stacks, tables of its own */
    FRAME_SLAB,          /* heap.c's: detail = first free item, references = items in use */
    FRAME_TABLE,         /* page table: detail = entries in use, owner = the group that pays */
    FRAME_ANONYMOUS,     /* private memory: known only to page tables */
    FRAME_OBJECT,        /* a page of a memory object or file object; `owner`, `page` say which */
};

struct frame {
    uint32_t references;         /* atomic */
    enum frame_state state;
    uint8_t order;               /* of a free block, a slab or a run */
    uint16_t detail;             /* by state; where nothing is said: the group that pays (group.h), 0: nobody */
    union {
        struct { uint32_t next, previous; };   /* free and slab lists: frame numbers */
        struct { uint32_t owner, page; };      /* FRAME_OBJECT: index of the object (page_owner.h), page number in it */
    };
};
static_assert(sizeof(struct frame) == 16);

enum : uint32_t { /* frame_allocate flags */
    FRAME_ZEROED = 1u << 0,
    FRAME_BELOW_4G = 1u << 1,
    FRAME_RESERVE = 1u << 2,     /* may take the last frames: for what serves memory */
    FRAME_GROUP_SHIFT = 16,      /* from here on: the number of the group that pays (group.h) */
};

#define FRAME_NUMBER_NONE UINT32_MAX
#define FRAME_ORDER_MAX 10u      /* largest block: 4 MiB */

extern struct frame *frame_table;
extern uint32_t frame_table_count;

void frame_init(const struct boot_info *boot);
void frame_release_boot(const struct boot_info *boot); /* BOOT_MEMORY_LOADER becomes free; nobody reads it any more */

/* One frame with one reference. */
enum status frame_allocate(uint32_t flags, enum frame_state state, phys_addr_t *out);
/* 2^order frames, aligned to their size, one reference for the whole run on its first frame. */
enum status frame_allocate_run(uint32_t order, uint32_t flags, enum frame_state state, phys_addr_t *out);
void frame_free_run(phys_addr_t first, uint32_t order);
/* Turns a run into single frames, each with one reference. */
void frame_run_split(phys_addr_t first, uint32_t order);

static inline uint32_t frame_number(phys_addr_t p) { return (uint32_t)(p.value >> PAGE_BITS); }
static inline phys_addr_t frame_address(uint32_t number) { return phys((uint64_t)number << PAGE_BITS); }
/* null: not a counted frame (device memory). */
static inline struct frame *frame_of(phys_addr_t p)
{
    uint64_t number = p.value >> PAGE_BITS;
    return number < frame_table_count ? &frame_table[number] : nullptr;
}
static inline phys_addr_t frame_get(phys_addr_t p)
{
    /* Relaxed: the caller sees the frame through a reference that a lock protects. */
    __atomic_add_fetch(&frame_table[frame_number(p)].references, 1, __ATOMIC_RELAXED);
    return p;
}
void frame_free_last(phys_addr_t p);
static inline void frame_put(phys_addr_t p)
{
    /* Acquire-release: all uses of the contents come before the next owner's. */
    if (__atomic_sub_fetch(&frame_table[frame_number(p)].references, 1, __ATOMIC_ACQ_REL) == 0)
        frame_free_last(p);
}
static inline uint32_t frame_references(phys_addr_t p)
{
    return __atomic_load_n(&frame_table[frame_number(p)].references, __ATOMIC_ACQUIRE);
}
void frame_zero(phys_addr_t p);
void frame_copy(phys_addr_t to, phys_addr_t from);
/* 4096 zero bytes, mapped read-only wherever untouched memory is read. The kernel's own reference is never put. */
extern phys_addr_t frame_of_zeros;

/* In frames; not one instant's picture. `object`: pages of files; `kernel`: heap and page tables. */
struct frame_counts { uint64_t total, free, object, kernel; };
void frame_counts(struct frame_counts *out);
extern uint64_t frame_file_pages;   /* atomic; kept by file objects */
uint64_t large_count(void);         /* large.c: 2 MiB pages */
uint64_t frame_free_count(void);    /* cheap; a few per CPU off */
bool frame_is_low(void);            /* below the mark under which reclaim should run */
