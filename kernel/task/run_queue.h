/* SPDX-License-Identifier: MIT
 * Who is ready to run, and who runs next. */
#pragma once
#include "kernel/task/context.h"

void run_queue_system_init(void);
/* State is READY. Preempts what runs there when the newcomer has the higher priority. */
void run_queue_add(struct context *c);
/* The next context for this CPU: the best of its queue, if it beats `floor`; -1 looks at other CPUs too. Null: nothing better. */
struct context *run_queue_pick(int floor);
uint32_t run_queue_count(uint32_t cpu);            /* a hint: without its lock */
