/* SPDX-License-Identifier: MIT
 * What the rest of kernel/task needs of a switch; everybody else: kernel/task/context.h. */
#pragma once
#include "kernel/task/context.h"

/* First thing on the new stack: the old context's registers are saved now, so others may run it, or free it. */
void switch_finish(void);
void switch_charge(struct context *c);             /* the current one: its time until now goes to the entity that it runs on */
