/* SPDX-License-Identifier: MIT
 * Memory objects: shared memory on demand, wired or contiguous memory for devices, and physical windows. */
#pragma once
#include "abi/memory.h"
#include "kernel/mm/pageable.h"

struct memory_object {
    struct pageable pages;       /* first: struct object */
    /* set at creation */
    uint64_t size_bytes;         /* whole pages */
    uint32_t flags;              /* MEMORY_* */
    struct group *group;         /* its maker's, which pays for all its pages; a reference */
    bool window;                 /* a physical window: not RAM that we count */
    bool uncached;
    phys_addr_t physical;        /* window, or MEMORY_CONTIGUOUS: where it lies */
};

/* MEMORY_* flags of abi/memory.h; wired and contiguous ones are present and zero at once. */
enum status memory_create(uint64_t size_bytes, uint32_t flags, struct memory_object **out);
/* Device memory, or RAM that the frame allocator does not own (initfs, boot information): uncached when `uncached`. */
enum status memory_create_window(phys_addr_t start, uint64_t size_bytes, bool uncached, struct memory_object **out);
static inline struct object *memory_as_object(struct memory_object *m) { return &m->pages.object; }
static inline struct memory_object *memory_from_object(struct object *o) { return (struct memory_object *)(void *)o; }
/* Physical address of a wired page: for device queues; ERR_NOT_SUPPORTED unless MEMORY_WIRED or a window. */
enum status memory_physical(struct memory_object *m, uint64_t offset, phys_addr_t *out);
/* For the kernel's own use of an object (boot information for init, an initfs): kernel bytes in and out; fills pages on demand. */
enum status memory_write(struct memory_object *m, uint64_t offset, const void *from, size_t length);
enum status memory_read(struct memory_object *m, uint64_t offset, void *to, size_t length);
struct user_io;
/* read and write by absolute offset; short at the end. */
enum status memory_io(struct memory_object *m, uint64_t offset, struct user_io *io, bool to_user, uint64_t *out_done);

/* For faults and file_supply, with pages.lock held. */
enum status memory_page_locked(struct memory_object *m, uint64_t page, struct page_answer *out);
phys_addr_t memory_take_locked(struct memory_object *m, uint64_t page); /* its reference comes along; value 0: there was none */
