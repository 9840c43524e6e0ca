/* SPDX-License-Identifier: MIT
 * What memory objects and file objects share: pages by number, and the list of the mappings that show them.
 *
 * `lock` guards pages and mappings. A page-table entry for a page of this object is only made, and only taken away by the
 * object, with `lock` held: so a page that left the radix tree is in no page table once pageable_unmap_locked has run. */
#pragma once
#include "base/list.h"
#include "kernel/core/addresses.h"
#include "kernel/core/lock.h"
#include "kernel/core/object.h"
#include "kernel/mm/radix.h"

struct mapping;
struct pageable {
    struct object object;            /* OBJECT_MEMORY or OBJECT_FILE */
    struct spinlock lock;            /* RANK_OBJECT */
    struct radix pages;              /* page number -> entry of the object's own making (page_entry.h) */
    struct list_node mappings;       /* struct mapping.object_link */
    uint32_t owner;                  /* index in the owner table, for reclaim; FRAME_NUMBER_NONE: none */
};

void pageable_init(struct pageable *p, const struct object_type *type);

struct page_answer {
    phys_addr_t frame;
    bool counted;                    /* with a new reference; false: device memory, or RAM outside the frame table */
    bool writable;                   /* a shared mapping's entry may be writable now */
    bool uncached;
};
/* One page for a fault, with `lock` held. ERR_WOULD_BLOCK: pageable_wait without it, then again. ERR_OUT_OF_RANGE: past the end.
 * `store`: a store through a shared mapping is about to happen. */
enum status pageable_page_locked(struct pageable *p, uint64_t page, bool store, struct page_answer *out);
/* Asks for the page and sleeps until something changed. No lock held. */
enum status pageable_wait(struct pageable *p, uint64_t page, bool store);

enum pageable_change : uint32_t { PAGEABLE_UNMAP, PAGEABLE_WRITE_PROTECT };
/* Changes all page-table entries that show [page, page + count), in all spaces (private copies stay). Answers which CPUs must run
 * tlb_flush_cpus, without `lock`, before the change is true and the frames may be reused. The object's own references keep the frames. */
[[nodiscard]] uint64_t pageable_change_locked(struct pageable *p, uint64_t page, uint64_t count, enum pageable_change change);
