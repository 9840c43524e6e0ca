/* SPDX-License-Identifier: MIT
 * Groups: the tree, its counts, and stocks of charged pages (see group.h). numbers[] leads from a frame back to its group; an entry is
 * there as long as the group is. */
#include "kernel/mm/group.h"
#include "base/try.h"
#include "kernel/core/panic.h"
#include "kernel/mm/heap.h"
#include "kernel/task/share.h"

#define STOCK_FILL 16u

static struct group *numbers[GROUP_NUMBERS];
static struct spinlock numbers_lock = SPINLOCK_INIT(RANK_FRAME); /* taking a free number */

static void group_destroy(struct object *o)
{
    struct group *g = container_of(o, struct group, object);
    ASSERT(g->number != 0);
    __atomic_store_n(&numbers[g->number], nullptr, __ATOMIC_RELEASE);
    struct group *parent = g->parent;
    share_end(g);
    heap_free(g, sizeof *g);
    group_put(parent);
}

static const struct object_type group_type = {.kind = OBJECT_GROUP, .name = "group", .destroy = group_destroy};
struct group root_group = {
    .object = {.type = &group_type, .references = 1, .id = 0},
    .frame_flags = FRAME_RESERVE,
    .counts = {{.limit = GROUP_UNLIMITED}, {.limit = GROUP_UNLIMITED}, {.limit = GROUP_UNLIMITED}},
};

static bool number_take(struct group *g)
{
    GUARD(&numbers_lock);
    for (uint32_t i = 1; i < GROUP_NUMBERS; i++)
        if (!__atomic_load_n(&numbers[i], __ATOMIC_RELAXED)) {
            g->number = i;
            __atomic_store_n(&numbers[i], g, __ATOMIC_RELEASE);
            return true;
        }
    return false;
}

enum status group_create(struct group *parent, uint32_t frame_flags, struct group **out)
{
    if (frame_flags & ~parent->frame_flags)
        return ERR_NOT_PERMITTED;
    if (parent->depth + 1 >= GROUP_DEPTH_MAX)
        return ERR_LIMIT;
    struct group *g = heap_allocate_zeroed(sizeof *g);
    if (!g)
        return ERR_NO_MEMORY;
    object_init(&g->object, &group_type);
    for (uint32_t i = 0; i < GROUP_KINDS; i++)
        g->counts[i].limit = GROUP_UNLIMITED;
    list_init(&g->share.link);
    g->depth = parent->depth + 1;
    g->frame_flags = frame_flags;
    if (!number_take(g)) {
        heap_free(g, sizeof *g);
        return ERR_LIMIT;
    }
    g->parent = group_get(parent);
    *out = g;
    return OK;
}

bool group_is_within(const struct group *g, const struct group *above)
{
    while (g && g != above)
        g = g->parent;
    return g;
}

/* -- counts ------------------------------------------------------------------------------------------------------- */

static void count_return(struct group *g, const struct group *end, enum group_kind kind, uint64_t count)
{
    for (; g != end; g = g->parent)
        __atomic_sub_fetch(&g->counts[kind].used, count, __ATOMIC_RELAXED);
}

static void note_most(struct group_count *c, uint64_t used)
{
    if (used > __atomic_load_n(&c->most, __ATOMIC_RELAXED)) /* racing with another CPU, the larger may be lost: it is a mark for people */
        __atomic_store_n(&c->most, used, __ATOMIC_RELAXED);
}

enum status group_charge(struct group *g, enum group_kind kind, uint64_t count)
{
    for (struct group *at = g; at->parent; at = at->parent) {
        struct group_count *c = &at->counts[kind];
        uint64_t used = __atomic_add_fetch(&c->used, count, __ATOMIC_RELAXED);
        if (unlikely(used > __atomic_load_n(&c->limit, __ATOMIC_RELAXED))) {
            __atomic_add_fetch(&c->refused, 1, __ATOMIC_RELAXED);
            count_return(g, at->parent, kind, count);
            return ERR_LIMIT;
        }
        note_most(c, used);
    }
    return OK;
}

void group_return(struct group *g, enum group_kind kind, uint64_t count)
{
    count_return(g, &root_group, kind, count);
}

void group_set_limit(struct group *g, enum group_kind kind, uint64_t limit)
{
    if (g != &root_group)
        __atomic_store_n(&g->counts[kind].limit, limit, __ATOMIC_RELAXED);
}

/* Stocks of other CPUs are read while they change: each is off by what its CPU does just now. */
static uint64_t stocked_pages(const struct group *g)
{
    uint64_t pages = 0;
    for (uint32_t cpu = 0; cpu < cpu_count; cpu++)
        for (uint32_t i = 0; i < GROUP_STOCKS; i++) {
            const struct group_stock *s = &cpus[cpu]->stocks[i];
            uint32_t number = __atomic_load_n(&s->number, __ATOMIC_RELAXED);
            const struct group *owner = number ? __atomic_load_n(&numbers[number], __ATOMIC_ACQUIRE) : nullptr;
            if (owner && group_is_within(owner, g))
                pages += __atomic_load_n(&s->pages, __ATOMIC_RELAXED);
        }
    return pages;
}

uint64_t group_used(const struct group *g, enum group_kind kind)
{
    uint64_t used = __atomic_load_n(&g->counts[kind].used, __ATOMIC_RELAXED);
    uint64_t stocked = kind == GROUP_KIND_PAGES ? stocked_pages(g) : 0;
    return used - MIN(used, stocked);
}

struct group *group_full(struct group *g)
{
    for (; g->parent; g = g->parent) {
        const struct group_count *c = &g->counts[GROUP_KIND_PAGES];
        if (__atomic_load_n(&c->used, __ATOMIC_RELAXED) >= __atomic_load_n(&c->limit, __ATOMIC_RELAXED))
            return g;
    }
    return nullptr;
}

/* -- pages -------------------------------------------------------------------------------------------------------- */

/* The first page that is charged to a group holds it, until the last goes back. Whoever charges holds it anyway, so that the two
 * cannot meet with nobody in between. */
static enum status pages_charge(struct group *g, uint32_t pages)
{
    TRY(group_charge(g, GROUP_KIND_PAGES, pages));
    if (__atomic_fetch_add(&g->own_pages, pages, __ATOMIC_RELAXED) == 0)
        group_get(g);
    return OK;
}

static void pages_return(struct group *g, uint32_t pages)
{
    group_return(g, GROUP_KIND_PAGES, pages);
    /* Acquire-release: the end of the group comes after everybody's last use of it. */
    if (__atomic_sub_fetch(&g->own_pages, pages, __ATOMIC_ACQ_REL) == 0)
        group_put(g);
}

static void stock_empty(struct group_stock *s)
{
    uint32_t pages = s->pages;
    s->pages = 0;
    if (pages)
        pages_return(numbers[s->number], pages);
}

enum status group_page_slow(struct group *g, struct group_stock *s)
{
    if (pages_charge(g, STOCK_FILL) != OK)
        return pages_charge(g, 1);
    if (s->number != g->number) {
        stock_empty(s);
        s->number = g->number;
    }
    s->pages += STOCK_FILL - 1;
    return OK;
}

/* The stock is full, or another group's. */
void group_page_return_slow(struct group_stock *s, uint32_t number)
{
    struct group *g = numbers[number];
    if (s->number == number) {
        s->pages -= STOCK_FILL - 1;
        pages_return(g, STOCK_FILL);
    } else if (s->pages == 0) {
        *s = (struct group_stock){number, 1};
    } else {
        pages_return(g, 1);
    }
}

enum status group_run_charge(struct group *g, phys_addr_t first, uint32_t order)
{
    if (g->number)
        TRY(pages_charge(g, 1u << order));
    frame_set_group(&frame_table[frame_number(first)], g->number);
    return OK;
}

void group_run_return(uint32_t number, uint32_t order) { pages_return(numbers[number], 1u << order); }

void group_page_unused(struct group *g)
{
    if (g->number)
        pages_return(g, 1);
}

enum status group_frame_charge(struct group *g, phys_addr_t page)
{
    TRY(group_page(g));
    frame_set_group(&frame_table[frame_number(page)], g->number);
    return OK;
}

void group_frame_release(phys_addr_t page)
{
    struct frame *f = &frame_table[frame_number(page)];
    uint32_t number = frame_group(f);
    frame_set_group(f, 0);
    if (number)
        group_page_return(number);
}
