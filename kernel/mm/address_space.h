/* SPDX-License-Identifier: MIT
 * Address spaces: a tree of mappings, and the page tables that cache what faults found out.
 *
 * Private anonymous memory has no object: its frames are known only to page tables, and a clone shares them read-only with a
 * reference each; a store to a frame with one reference just becomes writable again. A mapping of an object holds a
 * reference on it and is on the object's list, so that truncation, write-back and reclaim find its entries.
 *
 * Locks: `changes` (sleeping) orders everything that changes the tree; `lock` guards the tree against faults; `table_lock` guards
 * the page tables. Order: changes, lock, object's lock, table_lock. Nobody waits for a shootdown holding a spinlock.
 * Functions that say "may sleep" page in, or wait for `changes`: no spinlock held. */
#pragma once
#include "abi/memory.h"
#include "abi/process.h"
#include "arch/mmu.h"
#include "base/tree.h"
#include "kernel/core/addresses.h"
#include "kernel/core/cpu.h"
#include "kernel/core/lock.h"
#include "kernel/core/object.h"
#include "kernel/task/wait.h"

struct group;
struct pageable;

struct mapping {
    struct tree_node node;           /* space.lock */
    uint64_t start, end;             /* space.lock; start is node.key too */
    uint64_t gap, largest_gap;       /* free bytes below start, up to the mapping before; largest of the subtree */
    uint32_t flags;                  /* PROT_*, MAP_* */
    uint8_t max_prot;                /* PROT_* that protect may give */
    bool has_copies;                 /* of an object: some page may be a private copy */
    struct pageable *object;         /* null: private anonymous */
    uint64_t page;                   /* first page of the object */
    struct address_space *space;
    struct list_node object_link;    /* object's lock */
};

struct address_space {
    struct object object;            /* OBJECT_SPACE */
    /* set at creation */
    phys_addr_t root;
    /* under `lock` */
    struct spinlock lock;            /* RANK_SPACE */
    struct tree mappings;
    uint32_t mapping_count, mapping_pages; /* pages: what the group pays for mappings */
    struct group *group;             /* pays for private memory; a reference */
    uint64_t mapped_bytes, data_bytes;  /* data: private and writable */
    uint64_t mapped_max, data_max;      /* limits, on top of what was there at exec (the bases) */
    uint64_t mapped_base, data_base;
    struct mapping *last_hit;        /* where the last fault or change was */
    struct mapping *below_here;      /* the gap below this one is tried first for a new mapping */
    uint64_t area_top;               /* random: where searches without a hint start, downwards */
    /* under table_lock */
    struct spinlock table_lock;      /* RANK_PAGE_TABLE */
    uint64_t resident;               /* present pages */
    /* sleeping */
    struct sleep_lock changes;
    /* atomic */
    uint64_t cpus;                   /* bit n: CPU n may have translations of this space */
    uint64_t faults;
    bool cleared;
};

struct space_totals { uint64_t mapped_bytes, resident_bytes, faults; };

void space_seed(const uint64_t seed[4]); /* for address randomization; once, before the first space */
enum status space_create(struct address_space **out);
/* Copy on write; the protection has reached all CPUs on return. May sleep. */
enum status space_clone(struct address_space *from, struct address_space **out);
/* Loads the page tables on this CPU, unless they are already. Callable with interrupts off and any lock below RANK_PAGE_TABLE.
 * The bit is set (fully ordered) before the tables are loaded, and cleared after others are: whoever changes an entry and then
 * reads the bits reaches every CPU that could hold the old one. */
static inline void space_activate(struct cpu *cpu, struct address_space *s)
{
    struct address_space *old = cpu->space;
    if (old == s)
        return;
    uint64_t bit = cpu->bit;
    __atomic_or_fetch(&s->cpus, bit, __ATOMIC_SEQ_CST);
    cpu->space = s;
    cpu->table_loads++;
    mmu_load_root(s->root);
    if (old)
        __atomic_and_fetch(&old->cpus, ~bit, __ATOMIC_SEQ_CST);
}
/* Loads the kernel's own tables (for the idle context, or before the last put). */
void space_deactivate(void);
/* Unmaps everything, with preempt points. At the end of a process, once no context runs in it; the last put does it too, and so
 * must not be made with a spinlock held. */
void space_clear(struct address_space *s);
static inline struct address_space *space_get(struct address_space *s)
{
    object_get(&s->object);
    return s;
}
static inline void space_put(struct address_space *s) { object_put(&s->object); }
DEFINE_CLEANUP(space_put, struct address_space *)

/* `object`: null (private anonymous), OBJECT_MEMORY, OBJECT_FILE, or OBJECT_STREAM (its file); the mapping takes its own
 * reference. `flags` has PROT_* and MAP_*; max_prot is what the handle's rights allow. hint 0: a place is chosen. May sleep. */
enum status space_map(struct address_space *s, uint64_t hint, uint64_t length, uint32_t flags, struct object *object, uint64_t offset,
                      uint32_t max_prot, uint64_t *out_address);
enum status space_unmap(struct address_space *s, uint64_t address, uint64_t length);
enum status space_protect(struct address_space *s, uint64_t address, uint64_t length, uint32_t prot);
enum status space_advise(struct address_space *s, uint64_t address, uint64_t length, uint32_t advice);
enum status space_remap(struct address_space *s, uint64_t address, uint64_t old_length, uint64_t new_length, uint32_t flags,
                        uint64_t new_address, uint64_t *out_address);
/* The mapping at or after `address`; ERR_NOT_FOUND after the last. */
enum status space_query(struct address_space *s, uint64_t address, struct mapping_info *out);
/* From now on g pays for what is new. */
void space_set_group(struct address_space *s, struct group *g);
/* UINT64_MAX: none. What is mapped beyond a new limit stays. */
void space_set_limits(struct address_space *s, uint64_t mapped_bytes, uint64_t data_bytes);
/* What is mapped now does not count from here on: the image of a program that is about to start. */
void space_set_base(struct address_space *s);
void space_totals(struct address_space *s, struct space_totals *out);

enum : uint32_t { FAULT_NO_WAIT = 1u << 8 }; /* beside the access: ERR_WOULD_BLOCK where a pager would have to be asked */
/* Makes `access` (PROT_*) to the page at `address` possible. ERR_BAD_ADDRESS: no mapping; ERR_DENIED: not with this
 * protection; ERR_IO and others: the pager's answer; ERR_INTERRUPTED: the context is being killed. Sleeps unless FAULT_NO_WAIT. */
enum status space_fault(struct address_space *s, uint64_t address, uint32_t access);

/* A kernel pointer to a wired page's byte (thread block, receive buffer). The frame stays until space_wired_release, whatever
 * user space unmaps. ERR_BAD_ADDRESS unless a writable MAP_WIRED_ mapping covers [address, address + length); length must not
 * cross a page. */
enum status space_wired_pointer(struct address_space *s, user_addr_t address, size_t length, void **out);
void space_wired_release(void *pointer);

/* For copies through the page tables: the page with a reference when `access` is possible right now, without faulting. */
bool space_page_pin(struct address_space *s, uint64_t address, uint32_t access, phys_addr_t *out);
void space_page_unpin(phys_addr_t page);
bool space_page_present(struct address_space *s, uint64_t address, uint32_t access, phys_addr_t *out); /* takes no reference */

/* What names this memory for a futex between processes: a shared mapping's object (with a reference; page offset in bytes), or
 * null and the address itself for private memory. */
enum status space_locate(struct address_space *s, user_addr_t address, struct object **out_object, uint64_t *out_offset);

/* On shootdown IPI; also called by this CPU itself while it waits for others. */
void shootdown_answer(void);
