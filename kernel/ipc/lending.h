/* SPDX-License-Identifier: MIT
 * What clients on an endpoint's queue lend to its busy servers: the highest of their priorities, to the entity that each runs on. */
#pragma once
#include "kernel/task/schedule.h"

/* Entities that were raised or lowered and wait for others themselves; lending_finish tells those, with no lock held. */
#define LENDING_WIDTH 8u
struct lending { uint32_t count; struct schedule *raised[LENDING_WIDTH]; };

static inline void lending_note(struct lending *l, struct schedule *s)
{
    if (l && schedule_passes_on(s) && l->count < LENDING_WIDTH)
        l->raised[l->count++] = s;
}
void lending_finish(struct lending *l);                /* kernel/task/schedule.c */

/* Onto the queue: behind those of the same kind, before all others when it is real-time. Its state becomes QUEUED. */
void lending_enqueue_locked(struct endpoint *e, struct request *r, struct lending *l);
void lending_dequeue_locked(struct endpoint *e, struct request *r, struct lending *l);
/* The entity of a queued request has another priority. Takes over the reference on e. */
void lending_requeue(struct endpoint *e, struct request *r, struct schedule *s, struct lending *l);
struct endpoint *endpoint_reference(struct endpoint *e);
/* The context, which serves e and does not wait, runs on s from now on. */
void lending_run_on_locked(struct endpoint *e, struct context *server, struct schedule *s);
void lending_end_locked(struct context *server);       /* it serves no endpoint any more, and runs on its own */
