/* SPDX-License-Identifier: MIT
 * The radix tree: nodes of 64 slots. Always true: a node that exists has a slot in use (`used` counts them), and the root's level is
 * no higher than an insertion once needed. */
#include "kernel/mm/radix.h"
#include "base/string.h"
#include "base/try.h"
#include "kernel/mm/heap.h"

#define SLOT_BITS 6u
#define SLOTS (1u << SLOT_BITS)
#define LEVELS_MAX 11u

struct radix_node {
    uint64_t used;
    uint64_t slots[SLOTS]; /* level 0: entries; above: struct radix_node * */
};
static struct cache node_cache = CACHE_INIT("radix node", struct radix_node);

static unsigned slot_of(uint64_t key, uint32_t level) { return (unsigned)(key >> (level * SLOT_BITS)) & (SLOTS - 1); }
static bool key_fits(uint64_t key, uint32_t levels) { return levels >= LEVELS_MAX || key >> (levels * SLOT_BITS) == 0; }
static struct radix_node *node_in(const struct radix_node *n, unsigned slot) { return (struct radix_node *)n->slots[slot]; }

static inline uint64_t *slot_for(const struct radix *r, uint64_t key)
{
    struct radix_node *n = r->root;
    if (!n || !key_fits(key, r->levels))
        return nullptr;
    for (uint32_t level = r->levels - 1; level > 0; level--) {
        n = node_in(n, slot_of(key, level));
        if (!n)
            return nullptr;
    }
    return &n->slots[slot_of(key, 0)];
}

uint64_t *radix_find(const struct radix *r, uint64_t key)
{
    uint64_t *slot = slot_for(r, key);
    return slot && *slot ? slot : nullptr;
}

const uint64_t *radix_run(const struct radix *r, uint64_t key)
{
    static_assert(RADIX_RUN == SLOTS);
    return slot_for(r, key);
}

uint64_t radix_get(const struct radix *r, uint64_t key)
{
    const uint64_t *slot = radix_find(r, key);
    return slot ? *slot : 0;
}

static enum status node_make(struct radix_node **out)
{
    TRY(cache_allocate(&node_cache, out));
    memset(*out, 0, sizeof **out);
    return OK;
}

/* Puts levels on top until the key fits. */
static enum status grow(struct radix *r, uint64_t key)
{
    while (!r->root || !key_fits(key, r->levels)) {
        struct radix_node *n;
        if (!r->root) {
            r->levels = 1;
            while (!key_fits(key, r->levels))
                r->levels++;
            return node_make(&r->root);
        }
        TRY(node_make(&n));
        n->used = 1;
        n->slots[0] = (uint64_t)r->root;
        r->root = n;
        r->levels++;
    }
    return OK;
}

/* Frees the nodes on the way to `key` that have nothing in them. */
static void prune(struct radix *r, uint64_t key)
{
    struct radix_node *path[LEVELS_MAX];
    uint32_t level = r->levels;
    struct radix_node *n = r->root;
    while (level-- > 0 && n) {
        path[level] = n;
        if (level == 0)
            break;
        n = node_in(n, slot_of(key, level));
    }
    for (level = n ? 0 : level + 1; level < r->levels && path[level]->used == 0; level++) {
        cache_free(&node_cache, path[level]);
        if (level + 1 == r->levels) {
            r->root = nullptr;
            r->levels = 0;
            return;
        }
        path[level + 1]->slots[slot_of(key, level + 1)] = 0;
        path[level + 1]->used--;
    }
}

enum status radix_set(struct radix *r, uint64_t key, uint64_t entry)
{
    TRY(grow(r, key));
    struct radix_node *n = r->root;
    for (uint32_t level = r->levels - 1; level > 0; level--) {
        unsigned slot = slot_of(key, level);
        if (!n->slots[slot]) {
            struct radix_node *new;
            enum status status = node_make(&new);
            if (status != OK) {
                prune(r, key);
                return status;
            }
            n->slots[slot] = (uint64_t)new;
            n->used++;
        }
        n = node_in(n, slot);
    }
    uint64_t *slot = &n->slots[slot_of(key, 0)];
    if (!*slot) {
        n->used++;
        r->count++;
    }
    *slot = entry;
    return OK;
}

uint64_t radix_remove(struct radix *r, uint64_t key)
{
    uint64_t *slot = radix_find(r, key);
    if (!slot)
        return 0;
    uint64_t entry = *slot;
    *slot = 0;
    r->count--;
    struct radix_node *n = container_of(slot - slot_of(key, 0), struct radix_node, slots);
    if (--n->used == 0)
        prune(r, key);
    return entry;
}

bool radix_next(const struct radix *r, uint64_t from, uint64_t *out_key, uint64_t *out_entry)
{
    uint64_t key = from;
    while (r->root && key_fits(key, r->levels)) {
        const struct radix_node *n = r->root;
        uint32_t level = r->levels - 1;
        unsigned slot = slot_of(key, level);
        while (level > 0 && n->slots[slot]) {
            n = node_in(n, slot);
            slot = slot_of(key, --level);
        }
        for (; slot < SLOTS && !n->slots[slot]; slot++)
            key = ((key >> (level * SLOT_BITS)) + 1) << (level * SLOT_BITS);
        if (slot == SLOTS) {
            if (key == 0)
                return false;
            continue; /* the next node: down again from the root */
        }
        if (level > 0)
            continue;
        *out_key = key;
        *out_entry = n->slots[slot];
        return true;
    }
    return false;
}
