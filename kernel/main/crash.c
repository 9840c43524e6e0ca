/* SPDX-License-Identifier: MIT
 * One way into each kind of panic. None of this runs unless the machine's owner wrote crash= on the command line. */
#include "kernel/main/crash.h"
#include "arch/layout.h"
#include "arch/machine.h"
#include "boot/ranges.h"
#include "kernel/core/lock.h"
#include "kernel/core/log.h"
#include "kernel/core/panic.h"

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

void crash_if_asked(const struct boot_info *boot)
{
    static const struct { const char *kind; void (*crash)(void); } crashes[] = {
        {"read", crash_by_read}, {"null", crash_by_null}, {"text", crash_by_write_to_text}, {"execute", crash_by_execution},
        {"overflow", crash_by_overflow}, {"index", crash_by_index}, {"type", crash_by_type}, {"stack", crash_by_recursion},
        {"smash", crash_by_stack_smash}, {"assert", crash_by_assertion}, {"lock", crash_by_lock_order},
    };
    struct view word;
    if (boot_command_word(boot, VIEW_OF_LITERAL("crash"), &word) != OK)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(crashes); i++)
        if (view_equal(word, view_of_string(crashes[i].kind)))
            crashes[i].crash();
    log_warning("crash=: no such way to crash");
}
