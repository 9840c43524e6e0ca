/* SPDX-License-Identifier: MIT
 * Groups as programs see them: which one am I in, a new one below, limits and use. */
#include "kernel/syscall/groups.h"
#include "base/checked.h"
#include "kernel/mm/group.h"
#include "kernel/syscall/syscall.h"
#include "kernel/task/share.h"
#include "protocol/group_abi.h"

#define ALL_MEMORY (UINT64_MAX / PAGE_BYTES)

static_assert((int)GROUP_MEMORY == (int)GROUP_KIND_PAGES && (int)GROUP_HANDLES == (int)GROUP_KIND_HANDLES &&
              (int)GROUP_CONTEXTS == (int)GROUP_KIND_CONTEXTS);

int64_t sys_group_self(struct trap_frame *f)
{
    return install_new(object_get(&caller()->group->object), RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, ARG0(f));
}

int64_t sys_group_enter(struct trap_frame *f, struct object *o)
{
    (void)f;
    struct group *g = container_of(o, struct group, object);
    return group_is_within(g, caller()->group) ? process_set_group(caller(), g) : ERR_NOT_PERMITTED;
}

static enum status create(struct group *parent, uint64_t *words)
{
    struct group *g;
    handle_t h;
    if (words[GROUP_CREATE_IN_FLAGS] & ~(uint64_t)GROUP_RESERVE)
        return ERR_INVALID;
    TRY(group_create(parent, words[GROUP_CREATE_IN_FLAGS] ? FRAME_RESERVE : 0, &g));
    enum status status = handle_install(caller_handles(), &g->object, RIGHT_ALL, nullptr, words[2], &h);
    if (status != OK)
        group_put(g);
    else
        words[3] = (uint64_t)h;
    return status;
}

static enum status set_limit(struct group *g, uint64_t which, uint64_t value)
{
    if (!g->parent)
        return ERR_NOT_SUPPORTED;
    if (which == GROUP_CPU) {
        if (value == 0 || (value > CPU_MAX * 1000 && value != UINT64_MAX))
            return ERR_INVALID;
        share_set(g, value);
        return OK;
    }
    if (which > GROUP_CONTEXTS)
        return ERR_INVALID;
    if (which == GROUP_MEMORY)
        value = value / PAGE_BYTES >= ALL_MEMORY ? GROUP_UNLIMITED : value / PAGE_BYTES;
    group_set_limit(g, (enum group_kind)which, value);
    return OK;
}

/* The root is not counted: its memory is the machine's. */
static void root_usage(uint64_t which, uint64_t *words)
{
    struct frame_counts counts;
    frame_counts(&counts);
    words[GROUP_USAGE_OUT_USED] = which == GROUP_MEMORY ? (counts.total - counts.free) * PAGE_BYTES : 0;
    words[GROUP_USAGE_OUT_LIMIT] = which == GROUP_MEMORY ? counts.total * PAGE_BYTES : UINT64_MAX;
    words[GROUP_USAGE_OUT_MOST] = 0;
}

static void cpu_usage(const struct group_share *s, uint64_t *words)
{
    uint64_t thousandth = SHARE_PERIOD_NS / 1000;
    words[GROUP_USAGE_OUT_USED] = s->last_ns / thousandth;
    words[GROUP_USAGE_OUT_LIMIT] = s->quota_ns ? s->quota_ns / thousandth : UINT64_MAX;
    words[GROUP_USAGE_OUT_MOST] = s->most_ns / thousandth;
}

static enum status usage(struct group *g, uint64_t which, uint64_t *words)
{
    if (which > GROUP_CPU)
        return ERR_INVALID;
    if (!g->parent || which == GROUP_CPU) {
        if (g->parent)
            cpu_usage(&g->share, words);
        else
            root_usage(which, words);
        return OK;
    }
    enum group_kind kind = (enum group_kind)which;
    uint64_t unit = which == GROUP_MEMORY ? PAGE_BYTES : 1, limit = g->counts[kind].limit;
    words[GROUP_USAGE_OUT_USED] = group_used(g, kind) * unit;
    words[GROUP_USAGE_OUT_LIMIT] = limit == GROUP_UNLIMITED ? UINT64_MAX : limit * unit;
    words[GROUP_USAGE_OUT_MOST] = g->counts[kind].most * unit;
    return OK;
}

static enum status refused(const struct group *g, uint64_t which, uint64_t *words)
{
    if (which > GROUP_CPU)
        return ERR_INVALID;
    words[GROUP_REFUSED_OUT_COUNT] = which == GROUP_CPU ? g->share.refused : g->counts[which].refused;
    return OK;
}

int64_t group_call(struct object *o, uint32_t rights, uint32_t kind, uint64_t *words)
{
    static const struct { uint32_t operation, right; } needs[] = {
        {GROUP_CREATE, RIGHT_WRITE}, {GROUP_LIMIT, RIGHT_MANAGE}, {GROUP_USAGE, RIGHT_READ}, {GROUP_REFUSED, RIGHT_READ}};
    struct group *g = container_of(o, struct group, object);
    uint32_t operation = kind & KIND_OPERATION;
    for (size_t i = 0; i < ARRAY_LENGTH(needs); i++)
        if (needs[i].operation == operation && !(rights & needs[i].right))
            return ERR_DENIED;
    switch (operation) {
    case GROUP_CREATE:
        return create(g, words);
    case GROUP_LIMIT:
        return set_limit(g, words[GROUP_LIMIT_IN_WHICH], words[GROUP_LIMIT_IN_VALUE]);
    case GROUP_USAGE:
        return usage(g, words[GROUP_USAGE_IN_WHICH], words);
    case GROUP_REFUSED:
        return refused(g, words[GROUP_REFUSED_IN_WHICH], words);
    default:
        return ERR_NOT_SUPPORTED;
    }
}
