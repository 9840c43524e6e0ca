/* SPDX-License-Identifier: MIT
 * The clock hand. It walks the frame table; a page of a paged file that was not used since it last came by, and is clean, is taken back;
 * a dirty one its server is asked to write. What a frame says about its owner is only a hint until the file's lock confirms it. */
#include "kernel/mm/reclaim.h"
#include "base/try.h"
#include "kernel/core/cpu.h"
#include "kernel/mm/frame.h"
#include "kernel/object/file_object.h"
#include "kernel/object/file_table.h"

#define PREEMPT_FRAMES 512u

static uint32_t hand;    /* atomic; two CPUs that share it skip a little, which is fine */
static uint32_t running; /* atomic: one at a time is enough */

static bool try_frame(uint32_t number)
{
    const struct frame *f = &frame_table[number];
    if (f->state != FRAME_OBJECT || f->owner == 0)
        return false;
    struct file_object *file = file_by_number(f->owner);
    if (!file)
        return false;
    bool got = file_reclaim_page(file, f->page);
    object_put(file_as_object(file));
    return got;
}

uint64_t reclaim(uint64_t frames)
{
    uint64_t got = 0;
    if (__atomic_load_n(&file_pages_total, __ATOMIC_RELAXED) == 0 || __atomic_exchange_n(&running, 1, __ATOMIC_ACQUIRE))
        return 0;
    for (uint64_t looked = 0; looked < 2ull * frame_table_count && got < frames; looked++) {
        uint32_t number = __atomic_load_n(&hand, __ATOMIC_RELAXED);
        __atomic_store_n(&hand, number + 1 < frame_table_count ? number + 1 : 0, __ATOMIC_RELAXED);
        got += try_frame(number);
        if (looked % PREEMPT_FRAMES == PREEMPT_FRAMES - 1)
            preempt_point();
    }
    __atomic_store_n(&running, 0, __ATOMIC_RELEASE);
    return got;
}
