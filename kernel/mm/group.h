/* SPDX-License-Identifier: MIT
 * Groups: a tree of limits on what processes take of the machine. A process belongs to one group, its children to the same. Whatever
 * is charged to a group is charged to all above it up to the root, which has no limit and is not counted: it is what the system's
 * own services run in, and they may take the last frames (FRAME_RESERVE).
 *
 * A frame that was charged carries its group's number, and gives the charge back when its last reference goes, whoever drops it. So that
 * this costs a page fault a few instructions, each CPU has a small stock of pages that are charged already.
 *
 * All counts are atomic and relaxed: they guard no data. Limits may be passed by nobody; lowering one below its use ends nothing, it only refuses.
 * A group lives as long as it has references or charged memory. */
#pragma once
#include "base/list.h"
#include "kernel/core/addresses.h"
#include "kernel/core/cpu.h"
#include "kernel/core/object.h"
#include "kernel/mm/frame.h"

enum group_kind : uint32_t { GROUP_KIND_PAGES, GROUP_KIND_HANDLES, GROUP_KIND_CONTEXTS, GROUP_KINDS };
#define GROUP_NUMBERS 4096u          /* groups at a time */
#define GROUP_DEPTH_MAX 16u
#define GROUP_UNLIMITED UINT64_MAX

struct group_count { uint64_t used, limit, most, refused; };
struct group_share {                 /* kernel/task/share.h */
    uint64_t quota_ns, used_ns;      /* atomic; of each period, 0: no limit; in this one, with what is owed */
    uint64_t debt_ns, last_ns, most_ns, refused;
    struct list_node link;
};
struct group {
    struct object object;            /* OBJECT_GROUP */
    /* set at creation */
    struct group *parent;            /* a reference; null: the root */
    uint32_t number, depth;          /* number 0: the root */
    uint32_t frame_flags;            /* FRAME_RESERVE or 0 */
    /* atomic */
    struct group_count counts[GROUP_KINDS];
    struct group_share share;
    uint64_t own_pages;              /* charged here and not in a group below, stocks included; not 0: one reference */
};
extern struct group root_group;

/* The group of the current context's process; the root before there is one. In kernel/task. */
struct group *group_current(void);

/* frame_flags: FRAME_RESERVE, which the parent must have, or 0. */
enum status group_create(struct group *parent, uint32_t frame_flags, struct group **out);
static inline struct group *group_get(struct group *g)
{
    object_get(&g->object);
    return g;
}
static inline void group_put(struct group *g) { object_put(&g->object); }
bool group_is_within(const struct group *g, const struct group *above);
/* All of `count` here and above, or nothing and ERR_LIMIT. */
enum status group_charge(struct group *g, enum group_kind kind, uint64_t count);
void group_return(struct group *g, enum group_kind kind, uint64_t count);
void group_set_limit(struct group *g, enum group_kind kind, uint64_t limit);
/* Without what lies in stocks. */
uint64_t group_used(const struct group *g, enum group_kind kind);
/* The lowest group at or above g that has no room for another page; null: none. */
struct group *group_full(struct group *g);

/* -- pages -- */
enum status group_page_slow(struct group *g, struct group_stock *s);
void group_page_return_slow(struct group_stock *s, uint32_t number);
#define GROUP_STOCK_MOST 32u

static inline enum status group_page(struct group *g)
{
    struct group_stock *s = &this_cpu()->stocks[g->number % GROUP_STOCKS];
    if (likely(s->number == g->number && s->pages)) {
        s->pages--;
        return OK;
    }
    return g->number ? group_page_slow(g, s) : OK;
}
/* A frame that nobody pays for yet. */
enum status group_frame_charge(struct group *g, phys_addr_t page);
/* Nobody pays for it any more: a clean page of the cache. */
void group_frame_release(phys_addr_t page);
/* Whom a frame is charged to, 0: nobody. */
static inline uint32_t frame_group(const struct frame *f) { return f->state == FRAME_TABLE ? f->owner : f->detail; }
static inline void frame_set_group(struct frame *f, uint32_t number)
{
    if (f->state == FRAME_TABLE)
        f->owner = number;
    else
        f->detail = (uint16_t)number;
}
/* With a frame's last reference, whose mark was taken off. */
static inline void group_page_return(uint32_t number)
{
    struct group_stock *s = &this_cpu()->stocks[number % GROUP_STOCKS];
    if (likely(s->number == number && s->pages < GROUP_STOCK_MOST))
        s->pages++;
    else
        group_page_return_slow(s, number);
}
/* A run of frames: its first carries the mark, for all of them. */
enum status group_run_charge(struct group *g, phys_addr_t first, uint32_t order);
void group_run_return(uint32_t number, uint32_t order);
void group_page_unused(struct group *g); /* there was no frame for it */

/* frame_allocate at a group's cost. ERR_LIMIT: it may not; ERR_NO_MEMORY: there is none. */
static inline enum status group_frame(struct group *g, uint32_t flags, enum frame_state state, phys_addr_t *out)
{
    enum status status = group_page(g);
    if (unlikely(status != OK))
        return status;
    status = frame_allocate(flags | g->frame_flags | g->number << FRAME_GROUP_SHIFT, state, out);
    if (unlikely(status != OK))
        group_page_unused(g);
    return status;
}
