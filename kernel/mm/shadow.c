/* SPDX-License-Identifier: MIT
 * The shadow of RAM (see shadow.h). A shadow byte is 0 when its eight bytes may be used, 1 to 7 when only so many first ones may, or
 * else one of enum why. It is written by who owns the memory at that moment, so it needs no lock; a race here is a race
 * there. Items that wait are in one ring under waiting_lock; frames that wait are in a ring for each CPU.
 *
 * The compiler calls __asan_load8_noabort and its sisters before each access: clang's interface, not ours. */
#include "kernel/mm/shadow.h"
#ifdef MH_CHECK /* the unit tests of this folder have it as well */
#include "base/string.h"
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/core/symbols.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/heap.h"

enum why : uint8_t {
    WHY_FREE_FRAME = 0xf1, WHY_WAITING_FRAME = 0xf2, WHY_NEW_SLAB = 0xf3, WHY_FREED_ITEM = 0xf4, WHY_BEHIND_ITEM = 0xf5,
    WHY_NOTE = 0xf6, /* the item's note, the end of its redzone */
};

#define GRAIN 8u
#define NOTE_LIVE 0x4c495645u
#define NOTE_FREED 0x46524545u
#define WAITING_ITEMS 2048u
#define WAITING_BYTES (1u << 20)
#define WAITING_FRAMES 64u

/* The last bytes of an item's redzone: what it is and who had it. */
struct note {
    const struct cache *cache;
    uint64_t given_by, freed_by;
    uint32_t size, state;
};
static_assert(sizeof(struct note) == 32 && sizeof(struct note) < SHADOW_REDZONE);

struct waiting_item { struct cache *cache; void *item; };
struct frame_ring { uint32_t first, count, numbers[WAITING_FRAMES]; };

static uint8_t *shadow; /* null: not yet */
static bool reported;   /* what is looked at from then on may be anything */
static uint64_t covered_bytes;
static struct spinlock waiting_lock = SPINLOCK_INIT(RANK_FRAME);
static struct waiting_item waiting[WAITING_ITEMS];
static uint32_t waiting_first, waiting_count;
static uint64_t waiting_bytes;
static struct frame_ring rings[CPU_MAX];

uint64_t shadow_bytes(uint64_t frames) { return frames * (PAGE_BYTES / GRAIN); }

void shadow_init(void *room, uint64_t frames)
{
    memset(room, 0, shadow_bytes(frames));
    shadow = room;
    covered_bytes = frames * PAGE_BYTES;
}

static uint64_t offset_of(const void *at) { return (uint64_t)at - direct_map_base; }

static void paint(const void *at, uint64_t bytes, uint8_t with)
{
    if (shadow)
        memset(shadow + offset_of(at) / GRAIN, with, bytes / GRAIN);
}

/* -- reports -------------------------------------------------------------------------------------------------------- */

static const struct note *note_of(const struct cache *c, const void *item)
{
    return (const struct note *)((uint64_t)item + c->item_bytes - sizeof(struct note));
}

/* The note at the end of the redzone after `at`: of the item that was run over, or that is freed. */
static const struct note *note_after(uint64_t offset)
{
    uint64_t grain = offset / GRAIN, end = MIN(grain + (HEAP_SLAB_MAX + SHADOW_REDZONE) / GRAIN, covered_bytes / GRAIN);
    while (grain < end && shadow[grain] != WHY_NOTE)
        grain++;
    return grain < end ? (const struct note *)(direct_map_base + grain * GRAIN) : nullptr;
}

static const char *function_at(uint64_t address)
{
    struct symbol s;
    return symbol_find(address, &s) ? s.name : "?";
}

[[noreturn]] static void report(uint64_t at, uint64_t bytes, bool is_store, uint64_t from)
{
    uint64_t offset = at - direct_map_base, bad = offset;
    while (bad < offset + bytes && (shadow[bad / GRAIN] == 0 || (shadow[bad / GRAIN] < GRAIN && bad % GRAIN < shadow[bad / GRAIN])))
        bad++;
    uint8_t why = shadow[bad / GRAIN];
    if (why < GRAIN)
        why = shadow[bad / GRAIN + 1] >= WHY_FREE_FRAME ? shadow[bad / GRAIN + 1] : WHY_BEHIND_ITEM;
    const struct note *n = why >= WHY_FREED_ITEM ? note_after(bad) : nullptr;
    reported = true;
    const char *act = is_store ? "stored" : "loaded", *who = function_at(from);
    if (n && why == WHY_FREED_ITEM)
        panic("%s %s %lu bytes at 0x%lx, in a freed item: '%s' of %u bytes, given to %s, freed by %s", who, act, (unsigned long)bytes,
              (unsigned long)at, n->cache->name, n->size, function_at(n->given_by), function_at(n->freed_by));
    if (n)
        panic("%s %s %lu bytes at 0x%lx, behind an item: '%s' of %u bytes, given to %s", who, act, (unsigned long)bytes, (unsigned long)at,
              n->cache->name, n->size, function_at(n->given_by));
    panic("%s %s %lu bytes at 0x%lx, in %s", who, act, (unsigned long)bytes, (unsigned long)at,
          why == WHY_FREE_FRAME ? "a free frame" : why == WHY_WAITING_FRAME ? "a freed frame" : "a slab's unused part");
}

static bool is_usable(uint64_t offset, uint64_t bytes)
{
    uint64_t last = offset + bytes - 1;
    for (uint64_t grain = offset / GRAIN; grain < last / GRAIN; grain++)
        if (shadow[grain])
            return false;
    uint8_t s = shadow[last / GRAIN];
    return s == 0 || (s < GRAIN && last % GRAIN < s);
}

static inline void check(uint64_t at, uint64_t bytes, bool is_store, uint64_t from)
{
    uint64_t offset = at - direct_map_base;
    if (unlikely(!shadow || reported || offset >= covered_bytes || bytes > covered_bytes - offset || bytes == 0))
        return;
    if (unlikely(!is_usable(offset, bytes)))
        report(at, bytes, is_store, from);
}

void shadow_check(const void *at, uint64_t bytes) { check((uint64_t)at, bytes, true, (uint64_t)__builtin_return_address(0)); }

/* -- what the compiler calls ---------------------------------------------------------------------------------------- */

#define ACCESS(bytes)                                                                                                              \
    void __asan_load##bytes##_noabort(uint64_t at);                                                                                \
    void __asan_load##bytes##_noabort(uint64_t at) { check(at, bytes, false, (uint64_t)__builtin_return_address(0)); }             \
    void __asan_store##bytes##_noabort(uint64_t at);                                                                               \
    void __asan_store##bytes##_noabort(uint64_t at) { check(at, bytes, true, (uint64_t)__builtin_return_address(0)); }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
void __asan_loadN_noabort(uint64_t at, uint64_t bytes);
void __asan_loadN_noabort(uint64_t at, uint64_t bytes) { check(at, bytes, false, (uint64_t)__builtin_return_address(0)); }
void __asan_storeN_noabort(uint64_t at, uint64_t bytes);
void __asan_storeN_noabort(uint64_t at, uint64_t bytes) { check(at, bytes, true, (uint64_t)__builtin_return_address(0)); }
void __asan_handle_no_return(void);
void __asan_handle_no_return(void) {}

void *__asan_memcpy(void *to, const void *from, size_t bytes);
void *__asan_memcpy(void *to, const void *from, size_t bytes)
{
    check((uint64_t)from, bytes, false, (uint64_t)__builtin_return_address(0));
    check((uint64_t)to, bytes, true, (uint64_t)__builtin_return_address(0));
    return memcpy(to, from, bytes);
}
void *__asan_memmove(void *to, const void *from, size_t bytes);
void *__asan_memmove(void *to, const void *from, size_t bytes)
{
    check((uint64_t)from, bytes, false, (uint64_t)__builtin_return_address(0));
    check((uint64_t)to, bytes, true, (uint64_t)__builtin_return_address(0));
    return memmove(to, from, bytes);
}
void *__asan_memset(void *to, int byte, size_t bytes);
void *__asan_memset(void *to, int byte, size_t bytes)
{
    check((uint64_t)to, bytes, true, (uint64_t)__builtin_return_address(0));
    return memset(to, byte, bytes);
}

/* -- frames --------------------------------------------------------------------------------------------------------- */

void shadow_frames_given(uint32_t first, uint32_t count) { paint(phys_to_virt(frame_address(first)), count * PAGE_BYTES, 0); }
void shadow_frames_freed(uint32_t first, uint32_t count)
{
    paint(phys_to_virt(frame_address(first)), count * PAGE_BYTES, WHY_FREE_FRAME);
}

bool shadow_frame_waited(uint32_t *out_number)
{
    struct frame_ring *r = &rings[this_cpu()->number];
    if (!r->count)
        return false;
    *out_number = r->numbers[r->first];
    r->first = (r->first + 1) % WAITING_FRAMES;
    r->count--;
    return true;
}

bool shadow_frame_wait(uint32_t *number)
{
    struct frame_ring *r = &rings[this_cpu()->number];
    uint32_t new = *number;
    bool full = r->count == WAITING_FRAMES && shadow_frame_waited(number);
    paint(phys_to_virt(frame_address(new)), PAGE_BYTES, WHY_WAITING_FRAME);
    frame_table[new].state = FRAME_CACHED;
    r->numbers[(r->first + r->count++) % WAITING_FRAMES] = new;
    return !full;
}

uint64_t shadow_frames_waiting(void)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < cpu_count; i++)
        sum += rings[i].count;
    return sum;
}

/* -- items ---------------------------------------------------------------------------------------------------------- */

void shadow_slab_made(const void *slab, uint64_t bytes) { paint(slab, bytes, WHY_NEW_SLAB); }

void shadow_item_given(const struct cache *c, void *item, uint64_t size, uint64_t from)
{
    uint64_t room = c->item_bytes - SHADOW_REDZONE;
    struct note *n = (struct note *)note_of(c, item);
    *n = (struct note){.cache = c, .given_by = from, .size = (uint32_t)(size ? size : room), .state = NOTE_LIVE};
    if (!size || size > room)
        size = room;
    paint(item, align_down(size, GRAIN), 0);
    uint8_t *behind = shadow + (offset_of(item) + size) / GRAIN;
    if (size % GRAIN)
        *behind++ = (uint8_t)(size % GRAIN);
    memset(behind, WHY_BEHIND_ITEM, (uint64_t)(shadow + offset_of(n) / GRAIN - behind));
    paint(n, sizeof *n, WHY_NOTE);
}

static bool take_waiting_locked(struct cache **out_cache, void **out_item)
{
    *out_cache = waiting[waiting_first].cache;
    *out_item = waiting[waiting_first].item;
    waiting_first = (waiting_first + 1) % WAITING_ITEMS;
    waiting_count--;
    waiting_bytes -= (*out_cache)->item_bytes;
    return true;
}

uint64_t shadow_items_waiting(const struct cache *c)
{
    uint64_t sum = 0;
    GUARD(&waiting_lock);
    for (uint32_t i = 0; i < waiting_count; i++)
        sum += waiting[(waiting_first + i) % WAITING_ITEMS].cache == c;
    return sum;
}

bool shadow_item_wait(struct cache **c, void **item, uint64_t size, uint64_t from)
{
    struct note *n = (struct note *)note_of(*c, *item);
    if (n->state != NOTE_LIVE || n->cache != *c)
        panic("%s frees 0x%lx as '%s': %s %s", function_at(from), (unsigned long)(uint64_t)*item, (*c)->name,
              n->state == NOTE_FREED ? "it is free already, freed by" : "it is no item of that kind", function_at(n->freed_by));
    if (size && size != n->size)
        panic("%s frees 0x%lx as %lu bytes: it has %u, given to %s", function_at(from), (unsigned long)(uint64_t)*item,
              (unsigned long)size, n->size, function_at(n->given_by));
    n->state = NOTE_FREED;
    n->freed_by = from;
    paint(*item, (*c)->item_bytes - sizeof *n, WHY_FREED_ITEM);
    struct waiting_item new = {*c, *item};
    GUARD(&waiting_lock);
    bool full = (waiting_count == WAITING_ITEMS || waiting_bytes > WAITING_BYTES) && take_waiting_locked(c, item);
    waiting[(waiting_first + waiting_count++) % WAITING_ITEMS] = new;
    waiting_bytes += new.cache->item_bytes;
    return !full;
}
#endif
