/* SPDX-License-Identifier: MIT
 * Faults: what an access to a page of a mapping needs, done once. Nothing is held while a pager is asked: the fault starts again. */
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/mm/page_entry.h"
#include "kernel/mm/reclaim.h"
#include "kernel/mm/space_internal.h"

#define STACK_GUARD_BYTES (64 * PAGE_BYTES) /* a growing stack keeps this far from what lies below */
#define FAULT_AROUND 16u

struct fault {
    struct address_space *space;
    struct mapping *mapping;
    uint64_t page_address;
    uint32_t access;
    bool fills_up;       /* the table has LARGE_AT pages now */
    struct tlb_batch batch;
};

/* The mapping above `address` is a stack and there is room: it grows down to the page. */
static struct mapping *grow_stack(struct address_space *s, uint64_t address)
{
    struct mapping *m = mapping_at_or_after(&s->mappings, address);
    uint64_t start = align_down(address, PAGE_BYTES);
    if (!m || !(m->flags & MAP_GROWS_DOWN_) || m->start - start + STACK_GUARD_BYTES > m->gap)
        return nullptr;
    space_count(s, m->flags, m->start - start);
    mapping_set_start(&s->mappings, m, start);
    return m;
}

/* The entry exists but does not allow what is wanted, or is absent: a new one in its place. The old page's reference goes after the
 * flush. */
static void entry_replace(struct fault *f, pte_t *e, pte_t value)
{
    pte_t old = *e;
    if (!pte_is_used(old)) {
        mmu_fill(e, value);
        f->space->resident++;
        return;
    }
    mmu_write(e, value);
    tlb_batch_page(&f->batch, f->page_address);
    if (pte_is_counted(old))
        tlb_batch_frame(&f->batch, pte_page(old));
}

/* A private page for writing, filled from `from` (null: zeros). */
static enum status private_copy(struct fault *f, pte_t *e, const phys_addr_t *from)
{
    phys_addr_t page;
    bool zero = !from || from->value == frame_of_zeros.value;
    TRY(group_frame(f->space->group, zero ? FRAME_ZEROED : 0, FRAME_ANONYMOUS, &page));
    if (!zero)
        frame_copy(page, *from);
    entry_replace(f, e, pte_make(page, mmu_flags(f->mapping, true)));
    return OK;
}

/* Private memory that has a page: a store to a shared one copies it, to our own makes it writable. */
static enum status private_present(struct fault *f, pte_t *e)
{
    pte_t old = *e;
    phys_addr_t page = pte_page(old);
    if (!(f->access & PROT_WRITE_)) {
        if (!pte_is_present(old)) /* held: the mapping is accessible again */
            mmu_write(e, pte_make(page, mmu_flags(f->mapping, false)));
        mmu_flush_page(f->page_address);
        return OK;
    }
    if (pte_is_writable(old)) {
        mmu_flush_page(f->page_address);
        return OK;
    }
    if (frame_table[frame_number(page)].state == FRAME_ANONYMOUS && frame_references(page) == 1) {
        mmu_write(e, pte_make(page, mmu_flags(f->mapping, true)));
        mmu_flush_page(f->page_address); /* other CPUs may fault once more for nothing */
        return OK;
    }
    return private_copy(f, e, &page);
}

static enum status fault_anonymous(struct fault *f)
{
    struct address_space *s = f->space;
    GUARD(&s->table_lock);
    pte_t *e;
    TRY(mmu_find_or_make(s->root, f->page_address, &e));
    if (pte_is_used(*e))
        return private_present(f, e);
    if (f->access & PROT_WRITE_) {
        TRY(private_copy(f, e, nullptr));
        f->fills_up = *mmu_table_used(phys(align_down(virt_to_phys(e).value, PAGE_BYTES))) == LARGE_AT;
        return OK;
    }
    mmu_fill(e, pte_make(frame_get(frame_of_zeros), mmu_flags(f->mapping, false)));
    s->resident++;
    return OK;
}

/* Present neighbours in the object are mapped along, read-only: a program start touches most of them anyway. The window lies
 * within one run of the object's pages, one table and the mapping. */
static void fault_around_locked(struct fault *f, pte_t *e)
{
    struct mapping *m = f->mapping;
    uint64_t page = page_of(m, f->page_address), back = page % FAULT_AROUND;
    uint64_t low = MAX(m->start, align_down(f->page_address, MMU_TABLE_SPAN));
    uint64_t high = MIN(m->end, align_down(f->page_address, MMU_TABLE_SPAN) + MMU_TABLE_SPAN);
    back = MIN(back, (f->page_address - low) >> PAGE_BITS);
    uint64_t count = MIN(back + FAULT_AROUND - page % FAULT_AROUND, back + ((high - f->page_address) >> PAGE_BITS));
    const uint64_t *entries = radix_run(&m->object->pages, page - back);
    if (!entries)
        return;
    pte_t base = pte_make(phys(0), mmu_flags(m, false)), *first = e - back;
    int added = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (pte_is_used(first[i]) || !page_is_present(entries[i]))
            continue;
        mmu_write(&first[i], base | frame_get(page_frame(entries[i])).value);
        added++;
    }
    mmu_count(e, added);
    f->space->resident += (uint64_t)added;
}

static enum status fault_object_locked(struct fault *f, struct pageable *o)
{
    struct mapping *m = f->mapping;
    struct address_space *s = f->space;
    bool shared = m->flags & MAP_SHARED_, store = f->access & PROT_WRITE_;
    GUARD(&s->table_lock);
    pte_t *e;
    TRY(mmu_find_or_make(s->root, f->page_address, &e));
    if (!shared && pte_is_used(*e) && pte_is_counted(*e) && frame_of(pte_page(*e))->state == FRAME_ANONYMOUS)
        return private_present(f, e);
    struct page_answer page;
    TRY(pageable_page_locked(o, page_of(m, f->page_address), store && shared, &page));
    if (store && !shared) {
        m->has_copies = true;
        enum status status = private_copy(f, e, &page.frame);
        if (page.counted)
            frame_put(page.frame); /* the object holds another */
        return status;
    }
    uint32_t flags = mmu_flags(m, shared && page.writable) | (page.counted ? 0 : MMU_UNCOUNTED) | (page.uncached ? MMU_UNCACHED : 0);
    pte_t value = pte_make(page.frame, flags);
    if (pte_is_used(*e) && pte_page(*e).value == page.frame.value) { /* the same page, more access: its reference is there already */
        mmu_write(e, value);
        mmu_flush_page(f->page_address);
        if (page.counted)
            frame_put(page.frame);
        return OK;
    }
    entry_replace(f, e, value);
    if (!store && page.counted)
        fault_around_locked(f, e);
    return OK;
}

/* With space.lock held; lets it go. *out_ask: the object that must be asked for the page, with a reference. */
static enum status fault_once(struct fault *f, uint64_t address, struct pageable **out_ask, uint64_t *out_page)
{
    struct address_space *s = f->space;
    GUARD(&s->lock);
    struct mapping *m = space_mapping_at(s, address);
    if (unlikely(!m && !(m = grow_stack(s, address))))
        return ERR_BAD_ADDRESS;
    if (unlikely((f->access & m->flags) != f->access))
        return ERR_DENIED;
    f->mapping = m;
    if (!m->object)
        return fault_anonymous(f);
    struct pageable *o = m->object;
    GUARD(&o->lock);
    enum status status = fault_object_locked(f, o);
    if (status == ERR_WOULD_BLOCK) {
        object_get(&o->object);
        *out_ask = o;
        *out_page = page_of(m, f->page_address);
    }
    return status;
}

enum status space_fault(struct address_space *s, uint64_t address, uint32_t access)
{
    __attribute__((uninitialized)) struct fault f; /* all of it is set but the batch's arrays */
    f.space = s;
    f.page_address = align_down(address, PAGE_BYTES);
    f.access = access & PROT_MASK_;
    f.fills_up = false;
    tlb_batch_init(&f.batch, s);
    /* Relaxed: statistics. */
    __atomic_add_fetch(&s->faults, 1, __ATOMIC_RELAXED);
    for (unsigned attempt = 0;;) {
        struct pageable *ask = nullptr;
        uint64_t page = 0;
        if (unlikely(frame_is_low()))
            reclaim(RECLAIM_BATCH);
        enum status status = fault_once(&f, address, &ask, &page);
        tlb_batch_flush(&f.batch);
        if (likely(status == OK)) {
            if (unlikely(f.fills_up) && !(access & FAULT_NO_WAIT))
                space_make_large(s, address);
            return OK;
        }
        if (status == ERR_NO_MEMORY && attempt++ < 4 && reclaim(RECLAIM_BATCH * 4) > 0)
            continue;
        if (!ask)
            return status;
        status = access & FAULT_NO_WAIT ? ERR_WOULD_BLOCK : pageable_wait(ask, page, f.access & PROT_WRITE_);
        object_put(&ask->object);
        TRY(status);
    }
}

static bool page_locked(struct address_space *s, uint64_t address, uint32_t access, phys_addr_t *out, bool *out_counted)
{
    const pte_t *e = mmu_find(s->root, address);
    if (!e)
        return false;
    pte_t value = mmu_read(e);
    if (!pte_is_present(value) || !pte_is_user(value) || ((access & PROT_WRITE_) && !pte_is_writable(value)))
        return false;
    *out = pte_page(value);
    *out_counted = pte_is_counted(value);
    return true;
}

bool space_page_present(struct address_space *s, uint64_t address, uint32_t access, phys_addr_t *out)
{
    bool counted;
    GUARD(&s->table_lock);
    return page_locked(s, address, access, out, &counted);
}

bool space_page_pin(struct address_space *s, uint64_t address, uint32_t access, phys_addr_t *out)
{
    bool counted;
    GUARD(&s->table_lock);
    if (!page_locked(s, address, access, out, &counted))
        return false;
    if (counted)
        frame_get(*out);
    return true;
}

void space_page_unpin(phys_addr_t page)
{
    const struct frame *f = frame_of(page);
    if (f && f->state != FRAME_ABSENT)
        frame_put(page);
}

enum status space_populate(struct address_space *s, uint64_t start, uint64_t end, uint32_t access)
{
    for (uint64_t at = start; at < end; at += PAGE_BYTES) {
        TRY(space_fault(s, at, access));
        if (is_aligned(at, 16 * PAGE_BYTES))
            preempt_point();
    }
    return OK;
}

enum status space_wired_pointer(struct address_space *s, user_addr_t address, size_t length, void **out)
{
    uint64_t inside = address.value & (PAGE_BYTES - 1);
    phys_addr_t page;
    if (length > PAGE_BYTES - inside || address.value >= USER_LIMIT)
        return ERR_BAD_ADDRESS;
    GUARD(&s->lock);
    const struct mapping *m = mapping_find(&s->mappings, address.value);
    if (!m || !(m->flags & MAP_WIRED_) || !(m->flags & PROT_WRITE_))
        return ERR_BAD_ADDRESS;
    if (!space_page_pin(s, address.value, PROT_WRITE_, &page))
        return ERR_BAD_ADDRESS;
    *out = (char *)phys_to_virt(page) + inside;
    return OK;
}

void space_wired_release(void *pointer)
{
    if (pointer)
        frame_put(phys(align_down(virt_to_phys(pointer).value, PAGE_BYTES)));
}

enum status space_locate(struct address_space *s, user_addr_t address, struct object **out_object, uint64_t *out_offset)
{
    if (address.value >= USER_LIMIT)
        return ERR_BAD_ADDRESS;
    GUARD(&s->lock);
    struct mapping *m = space_mapping_at(s, address.value);
    if (!m)
        return ERR_BAD_ADDRESS;
    if (m->object && (m->flags & MAP_SHARED_)) {
        *out_object = object_get(&m->object->object);
        *out_offset = (page_of(m, address.value) << PAGE_BITS) + (address.value & (PAGE_BYTES - 1));
    } else {
        *out_object = nullptr;
        *out_offset = address.value;
    }
    return OK;
}
