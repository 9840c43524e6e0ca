/* SPDX-License-Identifier: MIT
 * The counting flavour (MH_COUNT=1): what CPUs have to share, and how long they keep interrupts out. In all others this is nothing.
 *
 *   locks taken, found held; lines of locks and reference counts that another CPU wrote last; interrupts sent to CPUs
 *   the longest stretches between the entry into the kernel, or a preemption point, and the next such point, by who ended it
 *
 * Each CPU writes its own; kernel_counts adds them up. */
#pragma once
#include "base/types.h"

struct spinlock;
struct object;

#ifdef MH_COUNT
void count_lock(struct spinlock *l, bool found_held);
void count_reference(struct object *o);
void count_cpu_interrupt(void);
void count_closed_begin(void);                 /* interrupts were possible until now */
void count_closed_end(const void *where);
/* Each of them by name, with a value and a second one. */
void count_for_each(void (*tell)(const char *name, uint64_t value, uint64_t second, void *argument), void *argument);
#else
static inline void count_lock(struct spinlock *l, bool found_held) { (void)l, (void)found_held; }
static inline void count_reference(struct object *o) { (void)o; }
static inline void count_cpu_interrupt(void) {}
static inline void count_closed_begin(void) {}
static inline void count_closed_end(const void *where) { (void)where; }
#endif
