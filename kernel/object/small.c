/* SPDX-License-Identifier: MIT
 * Doorbells and timers count; reading takes the count and waits for one, writing to a doorbell adds to it. The log object and an identity domain are only names. */
#include "kernel/object/small.h"
#include "arch/machine.h"
#include "abi/file.h"
#include "kernel/ipc/readiness.h"
#include "kernel/mm/heap.h"
#include "kernel/task/timer.h"
#include "kernel/task/wait.h"

struct counting {                 /* a doorbell, or the head of a timer */
    struct object object;
    uint64_t count;               /* atomic */
    uint32_t flags;               /* atomic; STREAM_NONBLOCK */
    struct readiness readiness;
    struct wait_queue readers;
};
struct timer_object {
    struct counting head;
    struct spinlock lock;         /* period and arming */
    struct timer timer;
    uint64_t period_ns;
};

static struct readiness *counting_readiness(struct object *o) { return &container_of(o, struct counting, object)->readiness; }

static void doorbell_destroy(struct object *o) { heap_free(container_of(o, struct counting, object), sizeof(struct counting)); }

static const struct object_type doorbell_type = {
    .kind = OBJECT_DOORBELL, .name = "doorbell", .destroy = doorbell_destroy, .readiness = counting_readiness,
};

static void counting_init(struct counting *c, const struct object_type *type, uint32_t ready)
{
    object_init(&c->object, type);
    c->count = 0;
    c->flags = 0;
    readiness_init(&c->readiness, ready);
    wait_queue_init(&c->readers);
}

enum status doorbell_create(struct object **out)
{
    struct counting *c = heap_allocate(sizeof *c);
    if (!c)
        return ERR_NO_MEMORY;
    counting_init(c, &doorbell_type, EVENT_WRITE); /* it always takes another ring */
    *out = &c->object;
    return OK;
}

static void counting_raise(struct counting *c)
{
    __atomic_add_fetch(&c->count, 1, __ATOMIC_SEQ_CST);
    readiness_update(&c->readiness, EVENT_SIGNALLED, 0);
    if (!wait_queue_is_empty(&c->readers))
        wait_wake(&c->readers, UINT32_MAX);
}

enum status object_count_add(struct object *o, uint64_t amount)
{
    struct counting *c = container_of(o, struct counting, object);
    uint64_t old = __atomic_load_n(&c->count, __ATOMIC_RELAXED), sum;
    do
        if (__builtin_add_overflow(old, amount, &sum))
            return ERR_WOULD_BLOCK; /* somebody has to take some first */
    while (!__atomic_compare_exchange_n(&c->count, &old, sum - (amount != 0), false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    if (amount)
        counting_raise(c); /* the last one of them, and tells */
    return OK;
}

void doorbell_ring(struct object *o) { counting_raise(container_of(o, struct counting, object)); }

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

static bool has_count(void *o) { return object_has_count(o); }

enum status object_count_wait(struct object *o)
{
    struct counting *c = container_of(o, struct counting, object);
    if (object_has_count(o))
        return OK;
    if (__atomic_load_n(&c->flags, __ATOMIC_RELAXED) & STREAM_NONBLOCK)
        return ERR_WOULD_BLOCK;
    return wait_until(&c->readers, has_count, o, DEADLINE_NEVER, WAIT_INTERRUPTIBLE, "count");
}

uint32_t object_count_flags(struct object *o, uint32_t set, uint32_t clear)
{
    struct counting *c = container_of(o, struct counting, object);
    uint32_t old = __atomic_load_n(&c->flags, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&c->flags, &old, (old & ~clear) | set, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return old | STREAM_READ | (c->object.type->kind == OBJECT_DOORBELL ? STREAM_WRITE : 0);
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
    counting_init(&t->head, &timer_type, 0);
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

static void plain_destroy(struct object *o) { heap_free(o, sizeof *o); }

static const struct object_type log_type = {.kind = OBJECT_LOG, .name = "log", .destroy = plain_destroy};
static const struct object_type realtime_type = {.kind = OBJECT_REALTIME, .name = "realtime", .destroy = plain_destroy};
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

enum status log_object_create(struct object **out) { return plain_create(&log_type, out); }

enum status identity_create(struct object **out) { return plain_create(&identity_type, out); }

enum status realtime_create(struct object **out) { return plain_create(&realtime_type, out); }
