/* SPDX-License-Identifier: MIT
 * Page tables: entries, walking, and the CPU's translation cache. Knows nothing of mappings or objects.
 *
 * An entry is empty, present, or held: a held one keeps its page but grants no access (PROT_NONE). Tables count their used
 * entries through mmu_table_used, so that an empty table is noticed without scanning. The caller's lock guards a tree of tables;
 * the kernel half is made once and shared by all roots. */
#pragma once
#include "abi/status.h"
#include "kernel/core/addresses.h"

typedef uint64_t pte_t;

enum : uint32_t {
    MMU_READ = 1u << 0, MMU_WRITE = 1u << 1, MMU_EXECUTE = 1u << 2, /* as PROT_*; none of them: held */
    MMU_USER = 1u << 3, MMU_UNCACHED = 1u << 4,
    MMU_UNCOUNTED = 1u << 5, /* the page is no counted frame (device memory) */
};

#define MMU_TABLE_ENTRIES 512u
#define MMU_TABLE_SPAN (MMU_TABLE_ENTRIES * PAGE_BYTES) /* what one lowest table covers */

#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE (1ull << 1)
#define PTE_USER (1ull << 2)
#define PTE_WRITE_THROUGH (1ull << 3)
#define PTE_CACHE_DISABLE (1ull << 4)
#define PTE_ACCESSED (1ull << 5)
#define PTE_DIRTY (1ull << 6)
#define PTE_LARGE (1ull << 7)
#define PTE_GLOBAL (1ull << 8)
#define PTE_HELD (1ull << 9)       /* ours: a page without access */
#define PTE_UNCOUNTED (1ull << 10) /* ours */
#define PTE_NO_EXECUTE (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull

pte_t pte_make(phys_addr_t page, uint32_t flags); /* MMU_* */
static inline bool pte_is_used(pte_t e) { return e != 0; }
static inline bool pte_is_present(pte_t e) { return e & PTE_PRESENT; }
static inline bool pte_is_writable(pte_t e) { return (e & (PTE_PRESENT | PTE_WRITE)) == (PTE_PRESENT | PTE_WRITE); }
static inline bool pte_is_executable(pte_t e) { return (e & PTE_PRESENT) && !(e & PTE_NO_EXECUTE); }
static inline bool pte_is_user(pte_t e) { return e & PTE_USER; }
static inline bool pte_is_dirty(pte_t e) { return e & PTE_DIRTY; }
static inline bool pte_is_accessed(pte_t e) { return e & PTE_ACCESSED; }
static inline bool pte_is_counted(pte_t e) { return !(e & PTE_UNCOUNTED); }
static inline phys_addr_t pte_page(pte_t e) { return phys(e & PTE_ADDRESS); }
static inline pte_t pte_without_write(pte_t e) { return e & ~PTE_WRITE; }
static inline pte_t pte_without_accessed(pte_t e) { return e & ~PTE_ACCESSED; }

static inline unsigned mmu_index(uint64_t address) { return (unsigned)(address >> PAGE_BITS) & (MMU_TABLE_ENTRIES - 1); }
/* Entries are read and written whole: the CPU looks at them at any time, and sets accessed and dirty bits. */
static inline pte_t mmu_read(const pte_t *e) { return __atomic_load_n(e, __ATOMIC_RELAXED); }
static inline void mmu_write(pte_t *e, pte_t value) { __atomic_store_n(e, value, __ATOMIC_RELEASE); }
static inline pte_t mmu_exchange(pte_t *e, pte_t value) { return __atomic_exchange_n(e, value, __ATOMIC_ACQ_REL); }

/* Large pages: an entry one level up that shows 2 MiB. The walks below take one apart where they meet it, which never fails. */
#define MMU_LARGE_ORDER 9u
phys_addr_t mmu_large_split(phys_addr_t run);  /* made by kernel/mm: its frames are single from now on; the empty table to show them */
pte_t *mmu_upper(phys_addr_t root, uint64_t address); /* the entry one level up; null where a table is missing */
pte_t *mmu_take_apart(pte_t *large, uint64_t address); /* the lowest table's entry for `address` then */
/* The lowest table's entry for `address`; null where a table is missing (or a large page is mapped). */
pte_t *mmu_find(phys_addr_t root, uint64_t address);
/* The same, making tables as needed; ERR_NO_MEMORY. The entry may still be empty. */
enum status mmu_find_or_make(phys_addr_t root, uint64_t address, pte_t **out);
/* Moves *address forward to the first page that has a lowest table, below `end`; the entry for it. null: none. */
pte_t *mmu_next(phys_addr_t root, uint64_t *address, uint64_t end);
/* The same, but a large page is left: *out_large is its entry, and the answer null. */
pte_t *mmu_next_or_large(phys_addr_t root, uint64_t *address, uint64_t end, pte_t **out_large);
/* How many of the entries from `e` on, at most `limit`, are empty before the first used one. */
static inline uint64_t mmu_empty_run(const pte_t *e, uint64_t limit)
{
    uint64_t n = 0;
    while (n + 8 <= limit && !(e[n] | e[n + 1] | e[n + 2] | e[n + 3] | e[n + 4] | e[n + 5] | e[n + 6] | e[n + 7]))
        n += 8;
    while (n < limit && !e[n])
        n++;
    return n;
}
/* Sets an entry and keeps the table's count. */
void mmu_fill(pte_t *e, pte_t value);   /* was empty */
pte_t mmu_clear(pte_t *e);              /* was used; what it was, with the CPU's bits */
/* For several entries of one table written with mmu_write or mmu_exchange: how many more are used now. */
void mmu_count(const pte_t *any, int change);
/* Takes the tables out that cover `address` and are empty; they may be reused after a flush. Up to 3; says how many. */
unsigned mmu_trim(phys_addr_t root, uint64_t address, phys_addr_t out_tables[3]);
uint16_t *mmu_table_used(phys_addr_t table);                 /* made by kernel/mm */
enum status mmu_table_allocate(phys_addr_t *out);            /* made by kernel/mm: zeroed, count 0 */
void mmu_table_free(phys_addr_t table);                      /* made by kernel/mm: one that is empty and was never in use */

/* Takes over the tables that the early boot code made. Afterwards the kernel half's top entries never change. */
void mmu_init(uint64_t random);
void mmu_init_cpu(void);
phys_addr_t mmu_kernel_root(void);
void mmu_copy_kernel_half(phys_addr_t root);
/* One kernel page in the kernel's mapped area; table_lock is kernel_range.c's. */
enum status mmu_map_kernel(uint64_t address, phys_addr_t page, uint32_t flags);
phys_addr_t mmu_unmap_kernel(uint64_t address);

extern uint64_t mmu_kernel_area;             /* where the mapped area starts: random within its region (arch/layout.h) */
#define MMU_KERNEL_AREA_BYTES (1ull << 36)

bool mmu_guards_user_memory(void);           /* the kernel must open user memory before each access (SMAP) */
/* And forgets all user translations. */
#ifdef MH_HOST
void mmu_load_root(phys_addr_t root);
#else
static inline void mmu_load_root(phys_addr_t root) { __asm__ volatile("movq %0, %%cr3" : : "r"(root.value) : "memory"); }
#endif
void mmu_flush_page(uint64_t address);       /* on this CPU */
void mmu_flush_user(void);
void mmu_flush_everything(void);             /* kernel translations too */
