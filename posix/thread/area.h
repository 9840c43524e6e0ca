/* SPDX-License-Identifier: MIT
 * Thread areas: stack and block of the library for each thread, in a row of places from process->arena on, each with a hole below
 * it as a guard. An area is mapped once and used again; `used` in its block says whether somebody runs on it. */
#pragma once
#include "posix/core/call.h"

static inline uint64_t area_address(const struct process *p, uint32_t index)
{
    return p->arena + (uint64_t)index * 2 * THREAD_AREA_BYTES;
}
static inline struct thread *area_thread(const struct process *p, uint32_t index)
{
    return (struct thread *)(area_address(p, index) + THREAD_BLOCK_OFFSET);
}
/* A thread with nothing but index, process and mask (a copy of the caller's); in p->threads. Under p->lock. */
enum status area_take_locked(struct process *p, struct thread **out);
/* For one that never ran, or whose context is gone. Under p->lock. */
void area_put_locked(struct process *p, struct thread *t);
/* The thread id of a thread of process `pid` in area `index`. */
static inline int32_t area_tid(int32_t pid, uint32_t index)
{
    return pid | (int32_t)(index << TID_PROCESS_BITS);
}
/* After fork: nobody runs on the areas but the caller. */
void areas_forget_others(struct process *p, struct thread *self);
