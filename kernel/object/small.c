/* SPDX-License-Identifier: MIT
 * Doorbells and timers count; reading takes the count. The log object and an identity domain are only names. */
#include "kernel/object/small.h"
#include "arch/machine.h"
#include "kernel/ipc/readiness.h"
#include "kernel/mm/heap.h"
#include "kernel/task/timer.h"

struct counting {                 /* a doorbell, or the head of a timer */
    struct object object;
    uint64_t count;               /* atomic */
    struct readiness readiness;
};
struct timer_object {
    struct counting head;
    struct spinlock lock;         /* period and arming */
    struct timer timer;
    uint64_t period_ns;
};

static struct readiness *counting_readiness(struct object *o)
{
    return &container_of(o, struct counting, object)->readiness;
}

static void doorbell_destroy(struct object *o)
{
    heap_free(container_of(o, struct counting, object), sizeof(struct counting));
}

static const struct object_type doorbell_type = {
    .kind = OBJECT_DOORBELL, .name = "doorbell", .destroy = doorbell_destroy, .readiness = counting_readiness,
};

static void counting_init(struct counting *c, const struct object_type *type)
{
    object_init(&c->object, type);
    c->count = 0;
    readiness_init(&c->readiness, 0);
}

enum status doorbell_create(struct object **out)
{
    struct counting *c = heap_allocate(sizeof *c);
    if (!c)
        return ERR_NO_MEMORY;
    counting_init(c, &doorbell_type);
    *out = &c->object;
    return OK;
}

static void counting_raise(struct counting *c)
{
    __atomic_add_fetch(&c->count, 1, __ATOMIC_SEQ_CST);
    readiness_update(&c->readiness, EVENT_SIGNALLED, 0);
}

void doorbell_ring(struct object *o)
{
    counting_raise(container_of(o, struct counting, object));
}

uint64_t object_count_take(struct object *o)
{
    struct counting *c = container_of(o, struct counting, object);
    /* Cleared first: a raise in between sets the bit again, at worst for a count that is already taken. */
    readiness_update(&c->readiness, 0, EVENT_SIGNALLED);
    return __atomic_exchange_n(&c->count, 0, __ATOMIC_SEQ_CST);
}

bool object_has_count(const struct object *o)
{
    return __atomic_load_n(&container_of(o, const struct counting, object)->count, __ATOMIC_SEQ_CST) != 0;
}

static void timer_fired(struct timer *t)
{
    struct timer_object *o = t->owner;
    counting_raise(&o->head);
    if (o->period_ns) {
        uint64_t now = arch_time_ns(), next = t->deadline_ns + o->period_ns;
        if (next <= now) { /* missed expirations are counted, not made up for */
            uint64_t missed = (now - next) / o->period_ns + 1;
            __atomic_add_fetch(&o->head.count, missed, __ATOMIC_SEQ_CST);
            next += missed * o->period_ns;
        }
        timer_arm_again(t, next);
    }
}

static void timer_destroy(struct object *o)
{
    struct timer_object *t = container_of(o, struct timer_object, head.object);
    t->period_ns = 0;
    timer_cancel(&t->timer);
    heap_free(t, sizeof *t);
}

static const struct object_type timer_type = {
    .kind = OBJECT_TIMER, .name = "timer", .destroy = timer_destroy, .readiness = counting_readiness,
};

enum status timer_object_create(struct object **out)
{
    struct timer_object *t = heap_allocate_zeroed(sizeof *t);
    if (!t)
        return ERR_NO_MEMORY;
    counting_init(&t->head, &timer_type);
    spinlock_init(&t->lock, RANK_STREAM);
    timer_init(&t->timer, timer_fired);
    t->timer.owner = t;
    *out = &t->head.object;
    return OK;
}

enum status timer_object_set(struct object *o, uint64_t first_ns, uint64_t period_ns, uint64_t *out_left)
{
    struct timer_object *t = container_of(o, struct timer_object, head.object);
    if (period_ns && period_ns < 1000)
        return ERR_INVALID; /* it would be an interrupt storm */
    GUARD(&t->lock);
    uint64_t now = arch_time_ns();
    *out_left = t->timer.armed && t->timer.deadline_ns > now ? t->timer.deadline_ns - now : 0;
    t->period_ns = 0;
    timer_cancel(&t->timer);
    (void)object_count_take(o);
    t->period_ns = period_ns;
    if (first_ns)
        timer_arm(&t->timer, first_ns);
    return OK;
}

static void plain_destroy(struct object *o)
{
    heap_free(o, sizeof *o);
}

static const struct object_type log_type = {.kind = OBJECT_LOG, .name = "log", .destroy = plain_destroy};
static const struct object_type identity_type = {.kind = OBJECT_IDENTITY, .name = "identity", .destroy = plain_destroy};

static enum status plain_create(const struct object_type *type, struct object **out)
{
    struct object *o = heap_allocate(sizeof *o);
    if (!o)
        return ERR_NO_MEMORY;
    object_init(o, type);
    *out = o;
    return OK;
}

enum status log_object_create(struct object **out)
{
    return plain_create(&log_type, out);
}

enum status identity_create(struct object **out)
{
    return plain_create(&identity_type, out);
}
