/* SPDX-License-Identifier: MIT
 * The first words of a new context's stack say what it runs; entry takes them from there, because a context is given one word. */
#include "sys/context.h"
#include "sys/syscall.h"

#define STACK_BYTES_DEFAULT 65536u

struct beginning { void (*run)(void *argument); void *argument; };

[[noreturn]] static void entry(const struct beginning *b)
{
    b->run(b->argument);
    sys_context_exit(nullptr);
}

static enum status make_stack(size_t bytes, uint64_t *out_top)
{
    uint64_t start, stack;
    TRY(sys_map(HANDLE_SELF_SPACE, 0, bytes + PAGE_SIZE_BYTES, PROT_NONE_, HANDLE_NONE, 0, &start));
    TRY(sys_map(HANDLE_SELF_SPACE, start + PAGE_SIZE_BYTES, bytes, MAP_EXACT_ | PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &stack));
    *out_top = stack + bytes;
    return OK;
}

enum status context_start(void (*run)(void *argument), void *argument, size_t stack_bytes, handle_t *out_context)
{
    uint64_t top;
    TRY(make_stack(align_up(stack_bytes ? stack_bytes : STACK_BYTES_DEFAULT, PAGE_SIZE_BYTES), &top));
    struct beginning *b = (struct beginning *)(uintptr_t)(top - 32);
    *b = (struct beginning){.run = run, .argument = argument};
    /* As after a call: the stack pointer is 8 below a multiple of 16. */
    struct context_arguments arguments = {.entry = sys_address((const void *)entry), .stack = top - 40, .argument = sys_address(b), .fs_base = UINT64_MAX};
    return sys_context_create(&arguments, PLACE_HIGH, out_context);
}
