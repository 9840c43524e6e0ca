/* SPDX-License-Identifier: MIT
 * Copying a space on write: every mapping, and for private pages the entries too, read-only on both sides with a reference for each.
 * The parent's `changes` is held throughout; its spinlock is let go between portions. */
#include "kernel/core/cpu.h"
#include "kernel/mm/space_internal.h"

#define PORTION 64 /* entries between preemption points; a mapping counts as a few */
#define MAPPING_ENTRIES 4
#define WIRED_ENTRIES 8    /* copied at once */

struct clone {
    struct address_space *from, *to;
    bool protected;      /* an entry of `from` lost its write access */
    int32_t portion;     /* what may still be done before interrupts are let in */
};

/* A private page: both sides read it, whoever stores first copies. */
static pte_t share_private(struct clone *c, pte_t *e)
{
    pte_t value = *e;
    if (pte_is_writable(value)) {
        value = pte_without_write(value);
        mmu_write(e, value);
        c->protected = true;
    }
    return value;
}

static enum status copy_wired(struct group *pays, pte_t from, pte_t *to)
{
    phys_addr_t page;
    TRY(group_frame(pays, 0, FRAME_ANONYMOUS, &page));
    frame_copy(page, pte_page(from));
    mmu_write(to, (from & ~PTE_ADDRESS & ~(PTE_ACCESSED | PTE_DIRTY)) | page.value);
    return OK;
}

static unsigned entry_index(const pte_t *e) { return (unsigned)((uint64_t)e / sizeof(pte_t)) % MMU_TABLE_ENTRIES; }

/* What an object can show again on demand is left to the child's faults, which are few if it ends or starts another program soon:
 * mappings without private copies are not even looked at. Copied are private pages, and wired ones, which must be present. */
static bool is_copied(const struct mapping *m, pte_t value)
{
    if (!m->object || (m->flags & MAP_WIRED_))
        return true;
    return !(m->flags & MAP_SHARED_) && pte_is_counted(value) && frame_of(pte_page(value))->state == FRAME_ANONYMOUS;
}

/* Entries of one lowest table. from->lock keeps the parent's faults out, and the object's lock, held where there is one, keeps the
 * object from changing its entries; so the parent's table_lock is not needed, and the child's can be taken. */
static enum status copy_table(struct clone *c, const struct mapping *m, uint64_t *at, uint64_t end, int32_t *portion)
{
    struct address_space *from = c->from;
    GUARD(&c->to->table_lock);
    pte_t *e = mmu_next(from->root, at, end), *there = nullptr;
    if (!e) {
        *at = end;
        return OK;
    }
    uint64_t stop = MIN(end, align_down(*at, MMU_TABLE_SPAN) + MMU_TABLE_SPAN);
    uint32_t left = *mmu_table_used(phys(align_down(virt_to_phys(e).value, PAGE_BYTES)));
    bool wired = m->flags & MAP_WIRED_;
    int copied = 0;
    enum status status = OK;
    for (; *at < stop && left && *portion > 0 && status == OK; *at += PAGE_BYTES, e++) {
        if (!pte_is_used(*e)) {
            uint64_t empty = mmu_empty_run(e, (stop - *at) >> PAGE_BITS);
            e += empty;
            *at += empty << PAGE_BITS;
            if (*at == stop)
                break;
        }
        pte_t value = *e;
        left--;
        --*portion;
        if (!is_copied(m, value))
            continue;
        if (!there)
            status = mmu_find_or_make(c->to->root, *at, &there);
        if (status != OK)
            break;
        pte_t *slot = there + (mmu_index(*at) - entry_index(there));
        if (wired && !(m->flags & MAP_SHARED_)) {
            *portion -= WIRED_ENTRIES;
            status = copy_wired(c->to->group, value, slot);
            copied += status == OK;
            continue;
        }
        if (!(m->flags & MAP_SHARED_))
            value = share_private(c, e);
        if (pte_is_counted(value))
            frame_get(pte_page(value));
        mmu_write(slot, value & ~(PTE_ACCESSED | PTE_DIRTY));
        copied++;
    }
    if (there) {
        mmu_count(there, copied);
        c->to->resident += (uint64_t)copied;
    }
    TRY(status);
    if (!left)
        *at = stop;
    return OK;
}

static void clone_rest(struct clone *c)
{
    if (c->portion > 0)
        return;
    c->portion = PORTION;
    preempt_point();
}

static enum status copy_entries(struct clone *c, const struct mapping *m)
{
    for (uint64_t at = m->start; at < m->end;) {
        spin_lock(&c->from->lock);
        if (m->object)
            spin_lock(&m->object->lock);
        enum status status = copy_table(c, m, &at, m->end, &c->portion);
        if (m->object)
            spin_unlock(&m->object->lock);
        spin_unlock(&c->from->lock);
        TRY(status);
        clone_rest(c);
    }
    return OK;
}

static enum status copy_mapping(struct clone *c, const struct mapping *m)
{
    if (m->flags & MAP_NO_CLONE_)
        return OK;
    struct mapping *copy;
    TRY(mapping_allocate(c->to, &copy));
    *copy = *m;
    copy->space = c->to;
    mapping_insert(&c->to->mappings, copy);
    c->to->mapping_count++;
    space_count(c->to, copy->flags, copy->end - copy->start);
    if (copy->object)
        mapping_attach(copy, copy->object);
    if (m->flags & MAP_CLEAR_ON_CLONE_)
        return m->flags & MAP_WIRED_ ? space_populate(c->to, copy->start, copy->end, PROT_WRITE_) : OK;
    bool on_demand = m->object && !m->has_copies && !(m->flags & MAP_WIRED_);
    return on_demand ? OK : copy_entries(c, copy);
}

enum status space_clone(struct address_space *from, struct address_space **out)
{
    struct address_space *to;
    TRY(space_create(&to));
    to->area_top = from->area_top;
    to->mapped_max = from->mapped_max;
    to->data_max = from->data_max;
    to->mapped_base = from->mapped_base;
    to->data_base = from->data_base;
    struct clone c = {.from = from, .to = to, .portion = PORTION};
    enum status status = OK;
    sleep_lock(&from->changes);
    /* Only a growing stack changes the tree now; a mapping's own start is read once, in copy_mapping. */
    for (const struct mapping *m = mapping_first(&from->mappings); m && status == OK; m = mapping_next(m)) {
        status = copy_mapping(&c, m);
        c.portion -= MAPPING_ENTRIES;
        clone_rest(&c);
    }
    if (c.protected) {
        TLB_BATCH(batch, from);
        batch.page_count = BATCH_PAGES_MAX + 1;
        tlb_batch_flush(&batch);
    }
    sleep_unlock(&from->changes);
    if (status != OK) {
        space_put(to);
        return status;
    }
    *out = to;
    return OK;
}
