/* SPDX-License-Identifier: MIT
 * Address spaces: making, loading, emptying and ending them.
 *
 * Model: tests/models/tlb.pml (space_activate, space_leave_all). */
#include "base/random.h"
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/mm/page_table.h"
#include "kernel/mm/space_internal.h"
#include "kernel/object/file_object.h"

#define AREA_HIGHEST 0x00007fff00000000ull
#define AREA_RANDOM_BITS 28u
#define MAPPINGS_MAX 65536u
#define MAPPINGS_PER_PAGE (PAGE_BYTES / sizeof(struct mapping))

struct cache mapping_cache = CACHE_INIT("mapping", struct mapping);
static struct cache space_cache = CACHE_INIT("space", struct address_space);

static struct random generator;
static struct spinlock generator_lock = SPINLOCK_INIT(RANK_INTERRUPT);

void space_seed(const uint64_t seed[4]) { random_init(&generator, seed); }

uint64_t space_random(void)
{
    GUARD(&generator_lock);
    return random_u64(&generator);
}

static void space_destroy(struct object *o)
{
    struct address_space *s = container_of(o, struct address_space, object);
    space_clear(s);
    root_free(s->root);
    group_return(s->group, GROUP_KIND_PAGES, s->mapping_pages);
    group_put(s->group);
    cache_free(&space_cache, s);
}

static const struct object_type space_type = {.kind = OBJECT_SPACE, .name = "space", .destroy = space_destroy};

enum status space_create(struct address_space **out)
{
    struct address_space *s;
    phys_addr_t root;
    TRY(root_allocate(&root));
    enum status status = cache_allocate(&space_cache, &s);
    if (status != OK) {
        root_free(root);
        return status;
    }
    *s = (struct address_space){.root = root, .group = group_get(group_current()), .mapped_max = UINT64_MAX, .data_max = UINT64_MAX};
    object_init(&s->object, &space_type);
    spinlock_init(&s->lock, RANK_SPACE);
    spinlock_init(&s->table_lock, RANK_PAGE_TABLE);
    sleep_lock_init(&s->changes);
    mapping_tree_init(&s->mappings);
    s->area_top = AREA_HIGHEST - (space_random() >> (64 - AREA_RANDOM_BITS) << PAGE_BITS);
    *out = s;
    return OK;
}

void space_deactivate(void)
{
    struct cpu *cpu = this_cpu();
    struct address_space *old = cpu->space;
    if (!old)
        return;
    cpu->space = nullptr;
    cpu->table_loads++;
    mmu_load_root(mmu_kernel_root());
    __atomic_and_fetch(&old->cpus, ~(1ull << cpu->number), __ATOMIC_SEQ_CST);
}

void space_set_group(struct address_space *s, struct group *g)
{
    spin_lock(&s->lock); /* a fault that another CPU makes for a server looks at it under the lock */
    struct group *old = s->group;
    uint32_t pages = s->mapping_pages;
    s->mapping_pages = 0; /* what is there is paid with the next mapping that is added */
    s->group = group_get(g);
    spin_unlock(&s->lock);
    group_return(old, GROUP_KIND_PAGES, pages);
    group_put(old);
}

enum status mapping_allocate(struct address_space *s, struct mapping **out)
{
    if (s->mapping_count >= MAPPINGS_MAX)
        return ERR_NO_MEMORY;
    if (unlikely(s->mapping_count >= s->mapping_pages * MAPPINGS_PER_PAGE)) {
        uint32_t pages = s->mapping_count / (uint32_t)MAPPINGS_PER_PAGE + 1;
        TRY(group_charge(s->group, GROUP_KIND_PAGES, pages - s->mapping_pages));
        s->mapping_pages = pages;
    }
    return cache_allocate(&mapping_cache, out);
}

void mapping_attach(struct mapping *m, struct pageable *object)
{
    object_get(&object->object);
    if (object->object.type->kind == OBJECT_FILE)
        file_user_added(file_from_object(&object->object));
    GUARD(&object->lock);
    list_push_back(&object->mappings, &m->object_link);
}

void mapping_detach_locked(struct mapping *m)
{
    if (!m->object)
        return;
    GUARD(&m->object->lock);
    list_remove(&m->object_link);
}

void mapping_release(struct mapping *m)
{
    if (m->object) {
        if (m->object->object.type->kind == OBJECT_FILE)
            file_user_gone(file_from_object(&m->object->object));
        object_put(&m->object->object);
    }
    cache_free(&mapping_cache, m);
}

/* Takes out the entries of one lowest table from `e` on; false: the batch is full, *at is where. */
static bool zap_table(struct address_space *s, pte_t *e, uint64_t *at, uint64_t end, struct tlb_batch *batch)
{
    uint16_t *used = mmu_table_used(virt_to_phys((void *)align_down((uint64_t)e, PAGE_BYTES)));
    uint32_t left = *used, before = left;
    uint64_t address = *at;
    for (; address < end && left; address += PAGE_BYTES, e++) {
        if (!pte_is_used(*e)) {
            uint64_t empty = mmu_empty_run(e, (end - address) >> PAGE_BITS);
            e += empty;
            address += empty << PAGE_BITS;
            if (address == end)
                break;
        }
        if (unlikely(tlb_batch_is_full(batch)))
            break;
        pte_t old = mmu_exchange(e, 0);
        left--;
        tlb_batch_page(batch, address);
        if (likely(pte_is_counted(old)))
            tlb_batch_frame(batch, pte_page(old));
    }
    *used = (uint16_t)left;
    s->resident -= before - left;
    *at = left ? address : end;
    return *at == end;
}

/* The tables that cover `address` and are empty now. */
static void zap_tables(struct address_space *s, uint64_t address, struct tlb_batch *batch)
{
    phys_addr_t tables[3];
    unsigned count = mmu_trim(s->root, address, tables);
    for (unsigned i = 0; i < count; i++)
        tlb_batch_frame(batch, tables[i]);
    batch->page_count += BATCH_PAGES_MAX + 1; /* cached upper entries may lead to the old tables */
}

bool space_zap(struct address_space *s, uint64_t *at, uint64_t end, struct tlb_batch *batch)
{
    GUARD(&s->table_lock);
    uint64_t address = *at;
    for (pte_t *e, *large; address < end && ((e = mmu_next_or_large(s->root, &address, end, &large)) || large);) {
        if (unlikely(large && is_aligned(address, MMU_TABLE_SPAN) && end - address >= MMU_TABLE_SPAN)) {
            if (tlb_batch_is_full(batch)) {
                *at = address;
                return false;
            }
            space_zap_large(s, large, batch);
            zap_tables(s, address, batch);
            address += MMU_TABLE_SPAN;
            continue;
        }
        if (unlikely(large))
            e = mmu_take_apart(large, address);
        uint64_t table_end = MIN(end, align_down(address, MMU_TABLE_SPAN) + MMU_TABLE_SPAN), table_start = address;
        bool whole = zap_table(s, e, &address, table_end, batch);
        if (*mmu_table_used(virt_to_phys((void *)align_down((uint64_t)e, PAGE_BYTES))) == 0) {
            if (unlikely(tlb_batch_is_full(batch))) {
                *at = table_start;
                return false;
            }
            zap_tables(s, table_start, batch);
        }
        if (!whole) {
            *at = address;
            return false;
        }
    }
    *at = end;
    return true;
}

/* Makes every CPU that still has the space loaded leave it (nobody runs in it any more). */
static void space_leave_all(struct address_space *s)
{
    if (this_cpu()->space == s)
        space_deactivate();
    /* Acquire: pairs with the leaving CPU's clearing. */
    uint64_t others = __atomic_load_n(&s->cpus, __ATOMIC_SEQ_CST);
    if (others)
        tlb_flush_cpus(others);
    ASSERT(__atomic_load_n(&s->cpus, __ATOMIC_SEQ_CST) == 0);
}

static struct mapping *deepest(struct tree_node *n)
{
    while (n->left || n->right)
        n = n->left ? n->left : n->right;
    return mapping_of(n);
}

/* The node after n in an order that has children before parents: so that nodes can be freed on the way. */
static struct mapping *after_children(struct mapping *m)
{
    struct tree_node *parent = tree_parent(&m->node);
    if (parent && parent->left == &m->node && parent->right)
        return deepest(parent->right);
    return mapping_of(parent);
}

void space_clear(struct address_space *s)
{
    spin_lock(&s->lock);
    bool done = s->cleared;
    __atomic_store_n(&s->cleared, true, __ATOMIC_SEQ_CST);
    struct tree_node *root = s->mappings.root;
    s->mappings.root = nullptr;
    s->last_hit = s->below_here = nullptr;
    spin_unlock(&s->lock);
    if (done || !root) {
        space_leave_all(s);
        return;
    }
    space_leave_all(s);
    TLB_BATCH(batch, s);
    for (struct mapping *m = deepest(root), *next; m; m = next) {
        next = after_children(m);
        for (uint64_t at = m->start; !space_zap(s, &at, m->end, &batch);) {
            tlb_batch_flush(&batch);
            preempt_point();
        }
        mapping_detach_locked(m);
        mapping_release(m);
    }
    tlb_batch_flush(&batch);
    s->mapped_bytes = 0;
    s->mapping_count = 0;
}

static uint64_t limit_above(uint64_t base, uint64_t limit)
{
    return limit > UINT64_MAX - base ? UINT64_MAX : base + limit;
}

void space_set_limits(struct address_space *s, uint64_t mapped_bytes, uint64_t data_bytes)
{
    GUARD(&s->lock);
    s->mapped_max = limit_above(s->mapped_base, mapped_bytes);
    s->data_max = limit_above(s->data_base, data_bytes);
}

void space_set_base(struct address_space *s)
{
    GUARD(&s->lock);
    s->mapped_base = s->mapped_bytes;
    s->data_base = s->data_bytes;
}

void space_totals(struct address_space *s, struct space_totals *out)
{
    GUARD(&s->lock);
    *out = (struct space_totals){s->mapped_bytes, s->resident * PAGE_BYTES, __atomic_load_n(&s->faults, __ATOMIC_RELAXED)};
}
