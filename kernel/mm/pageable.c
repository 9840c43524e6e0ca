/* SPDX-License-Identifier: MIT
 * The common half of memory and file objects: finding the page-table entries that show a page, and telling the two kinds apart.
 *
 * Model: tests/models/tlb.pml (pageable_change_locked: entries are written before we look who runs in the space). */
#include "kernel/mm/pageable.h"
#include "arch/mmu.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/frame.h"
#include "kernel/object/file_object.h"
#include "kernel/object/memory_object.h"

void pageable_init(struct pageable *p, const struct object_type *type)
{
    object_init(&p->object, type);
    spinlock_init(&p->lock, RANK_OBJECT);
    radix_init(&p->pages);
    list_init(&p->mappings);
    p->owner = FRAME_NUMBER_NONE;
}

/* With object's lock and the space's table_lock held: entries of [start, end) that are not private copies. */
static bool change_entries(struct address_space *s, uint64_t start, uint64_t end, enum pageable_change change)
{
    bool changed = false;
    for (pte_t *e; start < end && (e = mmu_next(s->root, &start, end)); start += PAGE_BYTES) {
        pte_t old = *e;
        if (!pte_is_used(old) || !pte_is_counted(old) || frame_of(pte_page(old))->state == FRAME_ANONYMOUS)
            continue;
        if (change == PAGEABLE_WRITE_PROTECT) {
            if (!pte_is_writable(old))
                continue;
            mmu_write(e, pte_without_write(old));
        } else {
            mmu_clear(e);
            s->resident--;
            frame_put(pte_page(old)); /* never the last: the object, or who takes the page from it, has its own */
        }
        changed = true;
    }
    return changed;
}

uint64_t pageable_change_locked(struct pageable *p, uint64_t page, uint64_t count, enum pageable_change change)
{
    uint64_t cpus_to_flush = 0;
    list_for_each(n, &p->mappings) {
        struct mapping *m = list_entry(n, struct mapping, object_link);
        uint64_t pages = (m->end - m->start) >> PAGE_BITS, end = count > UINT64_MAX - page ? UINT64_MAX : page + count;
        if (end <= m->page || page >= m->page + pages)
            continue;
        uint64_t first = page > m->page ? page - m->page : 0, last = MIN(end - m->page, pages);
        struct address_space *s = m->space;
        GUARD(&s->table_lock);
        if (!change_entries(s, m->start + (first << PAGE_BITS), m->start + (last << PAGE_BITS), change))
            continue;
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the entries are written before we look who might have read the old ones */
        cpus_to_flush |= __atomic_load_n(&s->cpus, __ATOMIC_SEQ_CST);
    }
    return cpus_to_flush;
}

static bool is_file(const struct pageable *p) { return p->object.type->kind == OBJECT_FILE; }

enum status pageable_page_locked(struct pageable *p, uint64_t page, bool store, struct page_answer *out)
{
    return is_file(p) ? file_page_locked((struct file_object *)(void *)p, page, store, out)
                      : memory_page_locked((struct memory_object *)(void *)p, page, out);
}

enum status pageable_wait(struct pageable *p, uint64_t page, bool store)
{
    return is_file(p) ? file_page_wait((struct file_object *)(void *)p, page, store) : ERR_INVALID;
}
