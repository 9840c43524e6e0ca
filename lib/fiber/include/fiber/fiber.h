/* SPDX-License-Identifier: MIT
 * Fibers: several things under way in one loop, each written as if it could wait. A fiber runs until it waits (fiber_wait) and
 * goes on when the loop resumes it; two never run at once, so what they share needs no lock, only care across a wait. */
#pragma once
#include "abi/status.h"
#include "base/types.h"

struct fiber {
    void *stack_pointer;
    void *stack_top;
    void (*run)(void *argument);
    void *argument;
    bool is_running;      /* started and not yet at its end */
};

/* Maps a stack of `stack_bytes` with a guard page below. The fiber can be started again and again. */
enum status fiber_make(struct fiber *f, size_t stack_bytes);
/* Runs run(argument) in the fiber until it waits or ends. Only from the loop, never from a fiber. */
void fiber_start(struct fiber *f, void (*run)(void *argument), void *argument);
/* Goes on where it waited, until it waits again or ends. Only from the loop. */
void fiber_resume(struct fiber *f);
/* Back to the loop. Only from a fiber. */
void fiber_wait(void);
/* The running fiber; nullptr in the loop. */
struct fiber *fiber_current(void);
