/* SPDX-License-Identifier: MIT
 * Who is ready to run, and who runs next. */
#pragma once
#include "kernel/task/context.h"

/* What is left of a slice that is not worth another switch. */
#define SLICE_REST_NS 50000ull

void run_queue_system_init(void);
/* State is READY. Preempts what runs there when the newcomer has the higher priority. */
void run_queue_add(struct context *c);
void run_queue_add_after_turn(struct context *c);  /* its time slice is over: does not preempt */
void run_queue_add_preempted(struct context *c);   /* it is not: before its equals */
/* The next context for this CPU when the running one stands at `floor`; -1: there is none, and other CPUs are looked at, too.
 * Null: nobody is better; when its slice is over, nobody is as good either. */
struct context *run_queue_pick(int floor, bool slice_over);
void run_queue_charge(uint32_t priority, uint64_t used_ns); /* this CPU worked so long at that priority */
void run_queue_arm(uint64_t slice_left_ns);        /* somebody waits on this CPU's queue: the next look at the latest */
void run_queue_update(struct context *c);          /* the priority of its entity changed */
void run_queue_move(struct context *c);            /* its affinity changed */
void run_queue_balance(void);                      /* gives somebody away when another CPU has less to do */
void run_queue_request_all(void);                  /* every CPU that runs something looks soon who should, and accounts for its time */
uint32_t run_queue_count(uint32_t cpu);            /* a hint: without its lock */
