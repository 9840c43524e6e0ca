/* SPDX-License-Identifier: MIT
 * What the kernel holds, by kind: for leak checks and for people. Counters are read without stopping anybody, so the numbers belong
 * together only when nothing else runs. */
#include "abi/process.h"
#include "arch/mmu.h"
#include "base/string.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/page_table.h"
#include "kernel/mm/user_copy.h"
#include "kernel/syscall/syscall.h"
#include "kernel/task/context.h"

static void count_context(struct context *c, void *argument)
{
    (void)c;
    ++*(uint32_t *)argument;
}

struct counting { user_addr_t to; uint64_t room, seen; enum status status; };

static void count_one(struct counting *c, const char *name, uint64_t used, uint64_t bytes)
{
    struct kernel_count count = {.used = used, .bytes = bytes};
    memcpy(count.name, name, string_length(name, sizeof count.name - 1));
    if (c->seen < c->room && c->status == OK)
        c->status = copy_to_user(user_add(c->to, c->seen * sizeof count), &count, sizeof count);
    c->seen++;
}

static void count_cache(const struct cache *cache, void *argument)
{
    count_one(argument, cache->name, cache_used(cache), (uint64_t)cache->slabs * cache->items_per_slab * cache->item_bytes);
}

#ifdef MH_COUNT
static void count_told(const char *name, uint64_t value, uint64_t second, void *argument) { count_one(argument, name, value, second); }
#endif

int64_t sys_kernel_counts(struct trap_frame *f)
{
    struct counting c = {.to = user(ARG0(f)), .room = ARG1(f)};
    struct frame_counts frames;
    uint32_t contexts = 0;
    frame_counts(&frames);
    context_for_each(count_context, &contexts);
    count_one(&c, "frames", frames.total - frames.free, (frames.total - frames.free) * PAGE_BYTES);
    count_one(&c, "file pages", frames.object, frames.object * PAGE_BYTES);
    count_one(&c, "page tables", table_count(), table_count() * PAGE_BYTES);
    count_one(&c, "large pages", large_count(), large_count() * MMU_TABLE_SPAN);
    count_one(&c, "processes", process_count(), 0);
    count_one(&c, "contexts", contexts, 0);
    heap_for_each(count_cache, &c);
#ifdef MH_COUNT
    count_for_each(count_told, &c);
#endif
    return c.status == OK ? (int64_t)c.seen : c.status;
}
