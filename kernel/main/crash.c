/* SPDX-License-Identifier: MIT
 * One way into each kind of panic. None of this runs unless the machine's owner wrote crash= on the command line. */
#include "kernel/main/crash.h"
#include "arch/layout.h"
#include "arch/machine.h"
#include "base/string.h"
#include "boot/ranges.h"
#include "kernel/core/lock.h"
#include "kernel/core/log.h"
#include "kernel/core/panic.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/heap.h"

static void crash_by_read(void) { (void)*(volatile const int *)(RANGE_REGION_END - 8); }
static void crash_by_null(void)
{
    volatile uintptr_t nowhere = 8;
    *(volatile int *)nowhere = 1;
}
static void crash_by_write_to_text(void) { *(volatile char *)(uintptr_t)crash_by_read = 0; }
static void crash_by_execution(void)
{
    static uint8_t code[] = {0xc3};
    void (*volatile function)(void) = (void (*)(void))(uintptr_t)code;
    __asm__ volatile("call *%0" : : "r"(function) : "memory");
}
static void crash_by_overflow(void)
{
    volatile int largest = INT32_MAX;
    largest = largest + 1;
}
static void crash_by_index(void)
{
    static int table[4];
    volatile int index = 4;
    table[index] = 1;
}

static int takes_a_number(int number) { return number + 1; }
static void crash_by_type(void)
{
    void (*volatile function)(void) = (void (*)(void))(uintptr_t)takes_a_number;
    function();
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Winfinite-recursion"
__attribute__((noinline)) static int recurse(int depth)
{
    volatile char room[200] = {0};
    room[depth % 200] = 1;
    return recurse(depth + 1) + room[0];
}
#pragma clang diagnostic pop
static void crash_by_recursion(void) { (void)recurse(0); }

__attribute__((noinline)) static void write_beyond(volatile char *at, int count)
{
    for (int i = 0; i < count; i++)
        at[i] = 'x';
}
static void crash_by_stack_smash(void)
{
    char room[16];
    write_beyond(room, 48);
}

static void crash_by_assertion(void) { ASSERT(2 + 2 == 5); }

static void crash_by_lock_order(void)
{
    static struct spinlock high = SPINLOCK_INIT(RANK_LOG), low = SPINLOCK_INIT(RANK_PROCESS);
    spin_lock(&high);
    spin_lock(&low);
    panic("locks in descending rank were not noticed: the kernel was built without MH_DEBUG");
}

#ifdef MH_CHECK
static void crash_by_overrun(void)
{
    volatile char *room = heap_allocate(40);
    room[40] = 1;
}
static void crash_by_stale_item(void)
{
    volatile char *room = heap_allocate(40);
    heap_free((void *)room, 40);
    room[8] = 1;
}
static void crash_by_stale_frame(void)
{
    phys_addr_t frame;
    ASSERT(frame_allocate(0, FRAME_KERNEL, &frame) == OK);
    frame_put(frame);
    (void)*(volatile uint64_t *)phys_to_virt(frame);
}
static void crash_by_second_free(void)
{
    void *room = heap_allocate(40);
    heap_free(room, 40);
    heap_free(room, 40);
}
static void crash_by_wrong_size(void) { heap_free(heap_allocate(40), 48); }
static void crash_by_copy(void)
{
    char there[64];
    char *room = heap_allocate(40);
    volatile size_t length = 41;
    memcpy(there, room, length);
    log_info("%u", (unsigned)(uint8_t)there[0]);
}
#endif

void crash_if_asked(const struct boot_info *boot)
{
    static const struct { const char *kind; void (*crash)(void); } crashes[] = {
        {"read", crash_by_read}, {"null", crash_by_null}, {"text", crash_by_write_to_text}, {"execute", crash_by_execution},
        {"overflow", crash_by_overflow}, {"index", crash_by_index}, {"type", crash_by_type}, {"stack", crash_by_recursion},
        {"smash", crash_by_stack_smash}, {"assert", crash_by_assertion}, {"lock", crash_by_lock_order},
#ifdef MH_CHECK
        {"overrun", crash_by_overrun}, {"stale-item", crash_by_stale_item}, {"stale-frame", crash_by_stale_frame},
        {"second-free", crash_by_second_free}, {"wrong-size", crash_by_wrong_size}, {"copy", crash_by_copy},
#endif
    };
    struct view word;
    if (boot_command_word(boot, VIEW_OF_LITERAL("crash"), &word) != OK)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(crashes); i++)
        if (view_equal(word, view_of_string(crashes[i].kind)))
            crashes[i].crash();
    log_warning("crash=: no such way to crash");
}
