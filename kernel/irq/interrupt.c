/* SPDX-License-Identifier: MIT
 * Interrupt objects and the table from vector to object. table_lock guards the table; the object's other words belong to the
 * interrupt handler and to whoever acknowledges. A device that fires STORM_LIMIT times without one acknowledgement is masked
 * (lines) or ignored (messages), and reported once. */
#include "kernel/irq/interrupt.h"
#include "arch/machine.h"
#include "arch/trap.h"
#include "kernel/core/cpu.h"
#include "kernel/core/log.h"
#include "kernel/ipc/readiness.h"
#include "kernel/mm/heap.h"
#include "kernel/task/timer.h"

#define VECTORS 256u
#define STORM_LIMIT 100000u

struct interrupt {
    struct object object;
    uint32_t vector, gsi;
    bool is_line, level;
    uint32_t unacknowledged;      /* atomic */
    uint64_t count;
    struct readiness readiness;
};

static struct interrupt *table[VECTORS];
static struct spinlock table_lock = SPINLOCK_INIT(RANK_PROCESS); /* below all: notifying takes the others */

static struct readiness *interrupt_readiness(struct object *o)
{
    return &container_of(o, struct interrupt, object)->readiness;
}

static void interrupt_destroy(struct object *o)
{
    struct interrupt *i = container_of(o, struct interrupt, object);
    if (i->is_line)
        arch_line_mask(i->gsi, true);
    spin_lock(&table_lock);
    table[i->vector] = nullptr;
    spin_unlock(&table_lock);
    arch_vector_free(i->vector);
    heap_free(i, sizeof *i);
}

static const struct object_type interrupt_type = {
    .kind = OBJECT_INTERRUPT, .name = "interrupt", .destroy = interrupt_destroy, .readiness = interrupt_readiness,
};

static enum status interrupt_new(struct interrupt **out)
{
    struct interrupt *i = heap_allocate_zeroed(sizeof *i);
    if (!i)
        return ERR_NO_MEMORY;
    enum status status = arch_vector_allocate(&i->vector);
    if (status != OK) {
        heap_free(i, sizeof *i);
        return status;
    }
    object_init(&i->object, &interrupt_type);
    readiness_init(&i->readiness, 0);
    *out = i;
    return OK;
}

static void interrupt_publish(struct interrupt *i)
{
    GUARD(&table_lock);
    table[i->vector] = i;
}

enum status interrupt_create_line(uint32_t gsi, bool level, bool active_low, struct object **out)
{
    struct interrupt *i;
    TRY(interrupt_new(&i));
    i->is_line = true;
    i->gsi = gsi;
    i->level = level;
    interrupt_publish(i);
    enum status status = arch_line_route(gsi, i->vector, level, active_low);
    if (status != OK) {
        object_put(&i->object);
        return status;
    }
    arch_line_mask(gsi, false);
    *out = &i->object;
    return OK;
}

enum status interrupt_create_message(struct object **out, uint64_t *out_address, uint32_t *out_data)
{
    struct interrupt *i;
    TRY(interrupt_new(&i));
    interrupt_publish(i);
    arch_message_address(i->vector, out_address, out_data);
    *out = &i->object;
    return OK;
}

void trap_device(uint32_t vector)
{
    this_cpu()->interrupts++;
    struct interrupt *i;
    {
        GUARD(&table_lock);
        i = table[vector];
        if (!i || !__atomic_load_n(&i->object.references, __ATOMIC_ACQUIRE))
            return;
        object_get(&i->object);
    }
    if (i->is_line && i->level)
        arch_line_mask(i->gsi, true);
    uint32_t unanswered = __atomic_add_fetch(&i->unacknowledged, 1, __ATOMIC_RELAXED);
    if (unanswered == STORM_LIMIT) {
        log_warning("interrupt: vector %u fired %u times without an acknowledgement; masked", vector, unanswered);
        if (i->is_line)
            arch_line_mask(i->gsi, true);
    }
    if (unanswered < STORM_LIMIT) {
        i->count++;
        readiness_update(&i->readiness, EVENT_SIGNALLED, 0);
    }
    object_put(&i->object);
}

void interrupt_acknowledge(struct object *o)
{
    struct interrupt *i = container_of(o, struct interrupt, object);
    __atomic_store_n(&i->unacknowledged, 0, __ATOMIC_RELAXED);
    readiness_update(&i->readiness, 0, EVENT_SIGNALLED);
    if (i->is_line)
        arch_line_mask(i->gsi, false);
}
