/* SPDX-License-Identifier: MIT
 * Switching stacks. The loop's own place is kept in one variable: a process has one loop with fibers. */
#include "fiber/fiber.h"
#include "base/try.h"
#include "sys/syscall.h"

static struct fiber *running;
static void *loop_stack_pointer;

/* Saves the callee's registers and the stack pointer in *out_from, goes on at `to`. */
void fiber_switch(void **out_from, void *to);

static void fiber_begin(void)
{
    running->run(running->argument);
    running->is_running = false;
    fiber_wait();
    __builtin_trap(); /* nobody resumes what has ended */
}

enum status fiber_make(struct fiber *f, size_t stack_bytes)
{
    uint64_t start, stack, bytes = align_up(stack_bytes, PAGE_SIZE_BYTES);
    TRY(sys_map(HANDLE_SELF_SPACE, 0, bytes + PAGE_SIZE_BYTES, PROT_NONE_, HANDLE_NONE, 0, &start));
    TRY(sys_map(HANDLE_SELF_SPACE, start + PAGE_SIZE_BYTES, bytes, MAP_EXACT_ | PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &stack));
    *f = (struct fiber){.stack_top = (void *)(uintptr_t)(stack + bytes)};
    return OK;
}

void fiber_start(struct fiber *f, void (*run)(void *argument), void *argument)
{
    uint64_t *top = f->stack_top;
    f->run = run;
    f->argument = argument;
    f->is_running = true;
    /* As fiber_switch leaves a stack: six registers, then where to go; above it a zero in the place of a caller. */
    top[-1] = 0;
    top[-2] = sys_address((const void *)fiber_begin);
    for (int i = 3; i <= 8; i++)
        top[-i] = 0;
    f->stack_pointer = top - 8;
    fiber_resume(f);
}

void fiber_resume(struct fiber *f)
{
    running = f;
    fiber_switch(&loop_stack_pointer, f->stack_pointer);
    running = nullptr;
}

void fiber_wait(void)
{
    fiber_switch(&running->stack_pointer, loop_stack_pointer);
}

struct fiber *fiber_current(void)
{
    return running;
}
