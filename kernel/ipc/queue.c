/* SPDX-License-Identifier: MIT
 * Event queues. An item is found by (object, handle number); level-triggered items stay on the ready list while their
 * object is ready, edge-triggered ones come back when its counter rises. queue.lock: items and the ready list. An item holds a
 * reference on its object; once the object has no handle left, the next look drops the item. */
#include "kernel/ipc/queue.h"
#include "kernel/core/cpu.h"
#include "kernel/ipc/poll.h"
#include "kernel/ipc/readiness.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/user_copy.h"
#include "kernel/task/context.h"

#define BATCH 64u

struct queue {
    struct object object;
    struct spinlock lock;
    struct list_node items, ready;
    uint32_t depth;              /* of queues below */
    struct wait_queue waiters;
    struct readiness readiness;
};
struct queue_item {
    struct watcher watcher;
    struct list_node link, ready_link; /* queue.lock */
    struct queue *queue;
    struct object *object;       /* a reference */
    handle_t handle;
    uint32_t mask, flags;        /* EVENT_*, QUEUE_EDGE, QUEUE_ONE_SHOT */
    uint64_t tag;
};

static const struct object_type queue_type;

static struct queue *queue_of(struct object *o) { return container_of(o, struct queue, object); }

static void item_notify(struct watcher *w, uint32_t mask)
{
    (void)mask;
    struct queue_item *item = container_of(w, struct queue_item, watcher);
    struct queue *q = item->queue;
    bool first = false;
    {
        GUARD(&q->lock);
        if (list_is_empty(&item->ready_link) && item->mask) {
            first = list_is_empty(&q->ready);
            list_push_back(&q->ready, &item->ready_link);
        }
    }
    if (first)
        __atomic_or_fetch(&q->readiness.mask, EVENT_READ, __ATOMIC_SEQ_CST);
    wait_wake(&q->waiters, 1);
}

static void item_end(struct queue_item *item)
{
    readiness_unwatch(item->object->type->readiness(item->object), &item->watcher);
    spin_lock(&item->queue->lock); /* a notify may have put it back before the unwatch */
    list_remove(&item->ready_link);
    spin_unlock(&item->queue->lock);
    object_put(item->object);
    heap_free(item, sizeof *item);
}

static void queue_destroy(struct object *o)
{
    struct queue *q = queue_of(o);
    for (;;) {
        spin_lock(&q->lock);
        struct list_node *n = list_pop_front(&q->items);
        spin_unlock(&q->lock);
        if (!n)
            break;
        item_end(list_entry(n, struct queue_item, link));
    }
    heap_free(q, sizeof *q);
}

static struct readiness *queue_readiness(struct object *o) { return &queue_of(o)->readiness; }

static const struct object_type queue_type = {
    .kind = OBJECT_QUEUE, .name = "queue", .destroy = queue_destroy, .readiness = queue_readiness,
};

enum status queue_create(struct object **out)
{
    struct queue *q = heap_allocate_zeroed(sizeof *q);
    if (!q)
        return ERR_NO_MEMORY;
    object_init(&q->object, &queue_type);
    spinlock_init(&q->lock, RANK_QUEUE);
    list_init(&q->items);
    list_init(&q->ready);
    wait_queue_init(&q->waiters);
    readiness_init(&q->readiness, 0);
    *out = &q->object;
    return OK;
}

static struct queue_item *item_find_locked(struct queue *q, const struct object *target, handle_t h)
{
    list_for_each(node, &q->items) {
        struct queue_item *item = list_entry(node, struct queue_item, link);
        if (item->object == target && item->handle == h)
            return item;
    }
    return nullptr;
}

static enum status item_add(struct queue *q, handle_t h, struct object *target, uint32_t mask, uint64_t tag)
{
    if (!target->type->readiness)
        return ERR_NOT_PERMITTED; /* always ready: there is nothing to watch */
    if (target->type == &queue_type) {
        struct queue *below = queue_of(target);
        /* Only an empty queue may be put below another: no cycle can come about. */
        if (below == q || q->depth + 1 > QUEUE_DEPTH_MAX)
            return ERR_LOOP;
        below->depth = MAX(below->depth, q->depth + 1);
    }
    struct queue_item *item = heap_allocate_zeroed(sizeof *item);
    if (!item)
        return ERR_NO_MEMORY;
    item->queue = q;
    item->object = object_get(target);
    item->handle = h;
    item->mask = mask & 0xffff;
    item->flags = mask & ~0xffffu;
    item->tag = tag;
    item->watcher.wanted = item->mask;
    item->watcher.notify = item_notify;
    list_init(&item->watcher.link);
    list_init(&item->ready_link);
    bool exists;
    {
        GUARD(&q->lock);
        exists = item_find_locked(q, target, h);
        if (!exists)
            list_push_back(&q->items, &item->link);
    }
    if (exists) {
        object_put(target);
        heap_free(item, sizeof *item);
        return ERR_EXISTS;
    }
    readiness_watch(target->type->readiness(target), &item->watcher);
    return OK;
}

static struct queue_item *item_take(struct queue *q, const struct object *target, handle_t h)
{
    GUARD(&q->lock);
    struct queue_item *item = item_find_locked(q, target, h);
    if (item) {
        list_remove(&item->link);
        list_remove(&item->ready_link);
    }
    return item;
}

enum status queue_control(struct object *queue, uint32_t operation, handle_t h, struct object *target, uint32_t mask, uint64_t tag)
{
    struct queue *q = queue_of(queue);
    if (operation == QUEUE_ADD)
        return item_add(q, h, target, mask, tag);
    if (operation != QUEUE_CHANGE && operation != QUEUE_REMOVE)
        return ERR_INVALID;
    struct queue_item *item = item_take(q, target, h);
    if (!item)
        return ERR_NOT_FOUND;
    item_end(item);
    return operation == QUEUE_CHANGE ? item_add(q, h, target, mask, tag) : OK;
}

static bool queue_has_ready(void *argument)
{
    struct queue *q = argument;
    return __atomic_load_n(&q->ready.next, __ATOMIC_ACQUIRE) != &q->ready;
}

/* Takes one pass over the ready list. Items that were looked at and stay ready go to its end. */
static uint32_t harvest(struct queue *q, struct queue_event *events, uint32_t count)
{
    uint32_t found = 0;
    struct list_node again = LIST_INIT(again);
    struct queue_item *gone = nullptr;
    {
        GUARD(&q->lock);
        while (found < count && !gone) {
            struct list_node *n = list_pop_front(&q->ready);
            if (!n)
                break;
            struct queue_item *item = list_entry(n, struct queue_item, ready_link);
            if (!__atomic_load_n(&item->object->handles, __ATOMIC_ACQUIRE)) {
                list_remove(&item->link);
                gone = item;
                break;
            }
            uint32_t ready = poll_mask(item->object) & (item->mask | EVENT_HANGUP | EVENT_ERROR);
            if (!ready || !item->mask)
                continue;
            events[found++] = (struct queue_event){.tag = item->tag, .ready = ready};
            if (item->flags & QUEUE_ONE_SHOT)
                item->mask = 0;
            else if (!(item->flags & QUEUE_EDGE))
                list_push_back(&again, &item->ready_link);
        }
        list_append_all(&q->ready, &again);
        if (list_is_empty(&q->ready))
            __atomic_and_fetch(&q->readiness.mask, ~EVENT_READ, __ATOMIC_SEQ_CST);
    }
    if (gone)
        item_end(gone);
    return found;
}

enum status queue_wait(struct object *queue, user_addr_t at, uint32_t count, uint64_t deadline_ns, uint32_t *out_count)
{
    struct queue *q = queue_of(queue);
    struct queue_event events[BATCH];
    if (!count)
        return ERR_INVALID;
    for (;;) {
        uint32_t found = harvest(q, events, MIN(count, BATCH));
        if (found) {
            *out_count = found;
            return copy_to_user(at, events, found * sizeof *events);
        }
        *out_count = 0;
        if (deadline_ns == DEADLINE_NOW)
            return OK;
        enum status status = wait_until(&q->waiters, queue_has_ready, q, deadline_ns, WAIT_INTERRUPTIBLE | WAIT_EXCLUSIVE, "event queue");
        if (status == ERR_TIMED_OUT)
            return OK;
        TRY(status);
    }
}
