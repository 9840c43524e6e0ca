/* SPDX-License-Identifier: MIT
 * Physical frames: buddy blocks in zones, and a stack of single frames for each CPU in front of them.
 *
 * Always true: the head of each free block is FRAME_FREE with its order and is on its zone's list of that order; all others of
 * the block are FRAME_FREE_INNER. zone.lock guards both. A CPU's stack belongs to the CPU alone (interrupts are off). */
#include "kernel/mm/frame.h"
#include "base/string.h"
#include "base/try.h"
#include "kernel/core/cpu.h"
#include "kernel/core/log.h"
#include "kernel/core/panic.h"
#include "kernel/mm/group.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/page_table.h"
#include "kernel/mm/shadow.h"
#include "kernel/mm/shortage.h"

#define STACK_FRAMES 128u
#define STACK_BATCH 32u
#define NUMBER_4G (1u << (32 - PAGE_BITS))

struct zone {
    struct spinlock lock;
    uint32_t node;                        /* of memory: one so far */
    uint32_t first, end;                  /* frame numbers */
    uint32_t heads[FRAME_ORDER_MAX + 1];
    uint64_t free;                        /* frames on the lists; atomic for readers without the lock */
};
struct frame_stack { uint32_t count; uint32_t numbers[STACK_FRAMES - 1]; };

enum { ZONE_BELOW_4G, ZONE_ABOVE, ZONES };
static struct zone zones[ZONES];
static struct frame_stack stacks[CPU_MAX];
static uint64_t total_frames, reserve_frames, low_frames;

struct frame *frame_table;
uint32_t frame_table_count;
phys_addr_t frame_of_zeros;
uint64_t frame_file_pages;

static struct zone *zone_of(uint32_t number) { return &zones[number >= NUMBER_4G]; }

static void block_push(struct zone *z, uint32_t number, uint32_t order)
{
    struct frame *f = &frame_table[number];
    f->state = FRAME_FREE;
    f->order = (uint8_t)order;
    f->next = z->heads[order];
    f->previous = FRAME_NUMBER_NONE;
    if (f->next != FRAME_NUMBER_NONE)
        frame_table[f->next].previous = number;
    z->heads[order] = number;
}

static void block_remove(struct zone *z, uint32_t number)
{
    struct frame *f = &frame_table[number];
    if (f->previous == FRAME_NUMBER_NONE)
        z->heads[f->order] = f->next;
    else
        frame_table[f->previous].next = f->next;
    if (f->next != FRAME_NUMBER_NONE)
        frame_table[f->next].previous = f->previous;
}

static void zone_free_locked(struct zone *z, uint32_t number, uint32_t order)
{
    z->free += 1ull << order;
    for (; order < FRAME_ORDER_MAX; order++) {
        uint32_t buddy = number ^ (1u << order);
        if (buddy >= z->end || frame_table[buddy].state != FRAME_FREE || frame_table[buddy].order != order)
            break;
        block_remove(z, buddy);
        frame_table[MAX(number, buddy)].state = FRAME_FREE_INNER;
        number = MIN(number, buddy);
    }
    block_push(z, number, order);
}

static bool zone_take_locked(struct zone *z, uint32_t order, uint32_t *out_number)
{
    uint32_t have = order;
    while (have <= FRAME_ORDER_MAX && z->heads[have] == FRAME_NUMBER_NONE)
        have++;
    if (have > FRAME_ORDER_MAX)
        return false;
    uint32_t number = z->heads[have];
    block_remove(z, number);
    while (have > order) {
        have--;
        block_push(z, number + (1u << have), have);
    }
    z->free -= 1ull << order;
    *out_number = number;
    return true;
}

uint64_t frame_free_count(void)
{
    /* Relaxed: a hint. */
    return __atomic_load_n(&zones[0].free, __ATOMIC_RELAXED) + __atomic_load_n(&zones[1].free, __ATOMIC_RELAXED);
}

bool frame_is_low(void) { return frame_free_count() < low_frames; }

/* Highest zone first: memory below 4 GiB is kept for those who need it. */
static bool zones_take(uint32_t order, uint32_t flags, uint32_t *out_number)
{
    if (!(flags & FRAME_RESERVE) && frame_free_count() < reserve_frames + (1ull << order))
        return false;
    for (int i = flags & FRAME_BELOW_4G ? ZONE_BELOW_4G : ZONE_ABOVE; i >= 0; i--) {
        GUARD(&zones[i].lock);
        if (zone_take_locked(&zones[i], order, out_number))
            return true;
    }
    return false;
}

static void stack_refill(struct frame_stack *s, uint32_t flags)
{
    if (!(flags & FRAME_RESERVE) && frame_free_count() < reserve_frames + STACK_BATCH)
        return;
    for (int i = ZONE_ABOVE; i >= 0 && s->count < STACK_BATCH; i--) {
        struct zone *z = &zones[i];
        GUARD(&z->lock);
        uint32_t number;
        while (s->count < STACK_BATCH && zone_take_locked(z, 0, &number)) {
            frame_table[number].state = FRAME_CACHED;
            s->numbers[s->count++] = number;
        }
    }
}

static enum status allocate_slow(struct frame_stack *s, uint32_t flags, uint32_t *out_number)
{
    if (flags & FRAME_BELOW_4G)
        return zones_take(0, flags, out_number) ? OK : ERR_NO_MEMORY;
    stack_refill(s, flags);
    if (s->count) {
        *out_number = s->numbers[--s->count];
        return OK;
    }
    return zones_take(0, flags, out_number) || shadow_frame_waited(out_number) ? OK : ERR_NO_MEMORY;
}

enum status frame_allocate(uint32_t flags, enum frame_state state, phys_addr_t *out)
{
    struct frame_stack *s = &stacks[this_cpu()->number];
    uint32_t number;
    if (shortage_strikes())
        return ERR_NO_MEMORY;
    if (likely(s->count && !(flags & FRAME_BELOW_4G)))
        number = s->numbers[--s->count];
    else
        TRY(allocate_slow(s, flags, &number));
    uint16_t group = (uint16_t)(flags >> FRAME_GROUP_SHIFT);
    frame_table[number] = (struct frame){.references = 1, .state = state, .detail = group};
    if (unlikely(state == FRAME_TABLE)) {
        frame_table[number].detail = 0;
        frame_table[number].owner = group;
    }
    shadow_frames_given(number, 1);
    *out = frame_address(number);
    if (flags & FRAME_ZEROED)
        frame_zero(*out);
    return OK;
}

static void stack_drain(struct frame_stack *s, uint32_t keep)
{
    for (int i = 0; i < ZONES; i++) {
        struct zone *z = &zones[i];
        GUARD(&z->lock);
        uint32_t kept = 0;
        for (uint32_t k = 0; k < s->count; k++) {
            uint32_t number = s->numbers[k];
            if (k >= keep && zone_of(number) == z)
                zone_free_locked(z, number, 0);
            else
                s->numbers[kept++] = number;
        }
        s->count = kept;
    }
}

void frame_free_last(phys_addr_t p)
{
    struct frame *f = &frame_table[frame_number(p)];
    uint32_t group = frame_group(f);
    if (group) {
        frame_set_group(f, 0);
        if (likely(!f->order))
            group_page_return(group);
        else
            group_run_return(group, f->order);
    }
    if (f->state == FRAME_TABLE && table_keep(p))
        return;
    if (unlikely(f->order)) {
        frame_free_run(p, f->order);
        return;
    }
    struct frame_stack *s = &stacks[this_cpu()->number];
    uint32_t number = frame_number(p);
    DEBUG_ASSERT(f->state > FRAME_CACHED);
    if (shadow_frame_wait(&number))
        return;
    if (unlikely(s->count == ARRAY_LENGTH(s->numbers)))
        stack_drain(s, STACK_BATCH * 2);
    frame_table[number].state = FRAME_CACHED;
    s->numbers[s->count++] = number;
}

enum status frame_allocate_run(uint32_t order, uint32_t flags, enum frame_state state, phys_addr_t *out)
{
    if (order > FRAME_ORDER_MAX)
        return ERR_NO_MEMORY;
    uint32_t number;
    if (shortage_strikes())
        return ERR_NO_MEMORY;
    if (!zones_take(order, flags, &number)) {
        stack_drain(&stacks[this_cpu()->number], 0);
        if (!zones_take(order, flags, &number))
            return ERR_NO_MEMORY;
    }
    for (uint32_t i = 0; i < 1u << order; i++)
        frame_table[number + i] = (struct frame){.state = state};
    shadow_frames_given(number, 1u << order);
    frame_table[number].references = 1;
    frame_table[number].order = (uint8_t)order;
    *out = frame_address(number);
    if (flags & FRAME_ZEROED)
        for (uint32_t i = 0; i < 1u << order; i++)
            frame_zero(frame_address(number + i));
    return OK;
}

void frame_free_run(phys_addr_t first, uint32_t order)
{
    uint32_t number = frame_number(first);
    struct zone *z = zone_of(number);
    shadow_frames_freed(number, 1u << order);
    GUARD(&z->lock);
    for (uint32_t i = 0; i < 1u << order; i++)
        frame_table[number + i].state = FRAME_FREE_INNER;
    zone_free_locked(z, number, order);
}

void frame_run_split(phys_addr_t first, uint32_t order)
{
    uint32_t number = frame_number(first);
    for (uint32_t i = 0; i < 1u << order; i++) {
        frame_table[number + i].references = 1;
        frame_table[number + i].order = 0;
        frame_table[number + i].detail = frame_table[number].detail; /* whoever pays for the run pays for each */
    }
}

void frame_zero(phys_addr_t p)
{
    void *to = phys_to_virt(p);
    shadow_check(to, PAGE_BYTES);
#ifdef MH_HOST
    memset(to, 0, PAGE_BYTES);
#else
    uint64_t count = PAGE_BYTES / 8;
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(0) : "memory");
#endif
}

void frame_copy(phys_addr_t to, phys_addr_t from)
{
    void *t = phys_to_virt(to), *f = phys_to_virt(from);
    shadow_check(t, PAGE_BYTES);
    shadow_check(f, PAGE_BYTES);
#ifdef MH_HOST
    memcpy(t, f, PAGE_BYTES);
#else
    uint64_t count = PAGE_BYTES / 8;
    __asm__ volatile("rep movsq" : "+D"(t), "+S"(f), "+c"(count) : : "memory");
#endif
}

void frame_counts(struct frame_counts *out)
{
    *out = (struct frame_counts){.total = total_frames, .free = frame_free_count() + shadow_frames_waiting()};
    for (uint32_t i = 0; i < cpu_count; i++)
        out->free += stacks[i].count;
    out->object = __atomic_load_n(&frame_file_pages, __ATOMIC_RELAXED);
    out->kernel = heap_used_bytes() / PAGE_BYTES + table_count();
}

/* Gives [first, end) to the free lists in the largest aligned blocks. */
static void free_range(uint32_t first, uint32_t end)
{
    while (first < end) {
        uint32_t order = 0;
        while (order < FRAME_ORDER_MAX && is_aligned(first, 2ull << order) && first + (2ull << order) <= end)
            order++;
        struct zone *z = zone_of(first);
        for (uint32_t i = 0; i < 1u << order; i++)
            frame_table[first + i].state = FRAME_FREE_INNER;
        shadow_frames_freed(first, 1u << order);
        spin_lock(&z->lock);
        zone_free_locked(z, first, order);
        spin_unlock(&z->lock);
        first += 1u << order;
    }
}

/* Page 0 is never given out: a zero physical address means "none" in many a device register. */
static void range_frames(const struct boot_range *r, uint32_t *out_first, uint32_t *out_end)
{
    *out_first = (uint32_t)MAX(align_up(r->start, PAGE_BYTES) >> PAGE_BITS, 1ull);
    *out_end = (uint32_t)MAX((r->start + r->length) >> PAGE_BITS, *out_first);
}

static bool is_ram(uint32_t kind) { return kind != BOOT_MEMORY_RESERVED && kind != BOOT_MEMORY_ACPI; }

/* The frame table takes the end of the highest usable range that has room: low memory is scarce. */
static uint64_t table_place(const struct boot_info *boot, uint64_t bytes)
{
    for (uint32_t i = boot->range_count; i-- > 0;) {
        const struct boot_range *r = &boot->ranges[i];
        uint64_t end = align_down(r->start + r->length, PAGE_BYTES);
        if (r->kind == BOOT_MEMORY_USABLE && r->start < end && end - r->start >= bytes + (1u << 20))
            return end - bytes;
    }
    panic("frame_init: no range has room for the frame table of %lu bytes", (unsigned long)bytes);
}

void frame_init(const struct boot_info *boot)
{
    uint64_t end_frame = 0;
    for (uint32_t i = 0; i < boot->range_count; i++) {
        uint32_t first, end;
        range_frames(&boot->ranges[i], &first, &end);
        if (is_ram(boot->ranges[i].kind) && first < end) {
            end_frame = MAX(end_frame, end);
            total_frames += end - first;
        }
    }
    uint64_t table_bytes = align_up(end_frame * sizeof(struct frame), PAGE_BYTES);
    uint64_t table_at = table_place(boot, table_bytes + shadow_bytes(end_frame));
    frame_table = phys_to_virt(phys(table_at));
    frame_table_count = (uint32_t)end_frame;
    memset(frame_table, 0, table_bytes);
    shadow_init((char *)frame_table + table_bytes, end_frame);
    for (int i = 0; i < ZONES; i++) {
        spinlock_init(&zones[i].lock, RANK_FRAME);
        for (uint32_t o = 0; o <= FRAME_ORDER_MAX; o++)
            zones[i].heads[o] = FRAME_NUMBER_NONE;
    }
    zones[ZONE_BELOW_4G].end = MIN(frame_table_count, NUMBER_4G);
    zones[ZONE_ABOVE].first = NUMBER_4G;
    zones[ZONE_ABOVE].end = frame_table_count;
    for (uint32_t i = 0; i < boot->range_count; i++) {
        uint32_t first, end;
        range_frames(&boot->ranges[i], &first, &end);
        if (boot->ranges[i].kind != BOOT_MEMORY_USABLE)
            continue;
        if (first <= table_at >> PAGE_BITS && table_at >> PAGE_BITS < end)
            end = (uint32_t)(table_at >> PAGE_BITS);
        free_range(first, end);
    }
    reserve_frames = MIN(MAX(total_frames / 64, 16ull), 2048ull);
    low_frames = reserve_frames * 2;
    if (frame_allocate(FRAME_ZEROED, FRAME_KERNEL, &frame_of_zeros) != OK)
        panic("frame_init: not one frame of %lu is usable", (unsigned long)total_frames);
    log_info("memory: %lu MiB usable, frame table %lu KiB", (unsigned long)(total_frames >> 8), (unsigned long)(table_bytes >> 10));
}

void frame_release_boot(const struct boot_info *boot)
{
    for (uint32_t i = 0; i < boot->range_count; i++) {
        uint32_t first, end;
        range_frames(&boot->ranges[i], &first, &end);
        if (boot->ranges[i].kind == BOOT_MEMORY_LOADER)
            free_range(first, end);
    }
}
