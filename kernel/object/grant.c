/* SPDX-License-Identifier: MIT
 * Grant nodes. See grant.h for the rule that makes them lock-free: a node changes once, from valid to revoked. */
#include "kernel/object/grant.h"
#include "arch/machine.h"
#include "kernel/mm/heap.h"

enum status grant_create(struct grant *parent, uint64_t expires_ns, struct grant **out)
{
    if (parent && parent->depth + 1 >= GRANT_DEPTH_MAX)
        return ERR_LIMIT;
    struct grant *g = heap_allocate(sizeof *g);
    if (!g)
        return ERR_NO_MEMORY;
    *g = (struct grant){.references = 1, .expires_ns = expires_ns, .depth = parent ? parent->depth + 1 : 0,
                        .parent = parent ? grant_get(parent) : nullptr};
    *out = g;
    return OK;
}

struct grant *grant_get(struct grant *g)
{
    if (g)
        __atomic_add_fetch(&g->references, 1, __ATOMIC_RELAXED);
    return g;
}

void grant_put(struct grant *g)
{
    while (g && __atomic_sub_fetch(&g->references, 1, __ATOMIC_ACQ_REL) == 0) {
        struct grant *parent = g->parent;
        heap_free(g, sizeof *g);
        g = parent;
    }
}

enum status grant_check(const struct grant *g)
{
    for (; g; g = g->parent) {
        /* Acquire pairs with grant_revoke: what the revoker did before is seen by whoever is refused. */
        if (__atomic_load_n(&g->revoked, __ATOMIC_ACQUIRE))
            return ERR_REVOKED;
        if (g->expires_ns && arch_time_ns() >= g->expires_ns)
            return ERR_EXPIRED;
    }
    return OK;
}

void grant_revoke(struct grant *g) { __atomic_store_n(&g->revoked, 1, __ATOMIC_RELEASE); }

uint64_t grant_expiry(const struct grant *g)
{
    uint64_t earliest = 0;
    for (; g; g = g->parent)
        if (g->expires_ns && (!earliest || g->expires_ns < earliest))
            earliest = g->expires_ns;
    return earliest;
}
