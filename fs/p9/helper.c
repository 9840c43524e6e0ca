/* SPDX-License-Identifier: MIT
 * The helper: a context that does what waits for pages of our own files, which the loop must be free to bring and take. Work goes through
 * one list under a lock, done work comes back through another and a doorbell. */
#include "p9fs.h"
#include "heap/lock.h"
#include "sys/context.h"
#include "sys/log.h"

struct work {
    struct list_node link;
    enum helper_work kind;
    handle_t file;
    struct file_attributes attributes;
    enum status status;
    struct slot *slot;
};

static struct heap_lock lock;
static struct list_node to_do = LIST_INIT(to_do), done = LIST_INIT(done);  /* under lock */
static uint32_t added;                                                     /* rises with each new work; a futex */
static handle_t doorbell = HANDLE_NONE;

static enum status work_do(const struct work *w)
{
    const uint32_t mask = ATTRIBUTE_SIZE | ATTRIBUTE_MODE | ATTRIBUTE_OWNER | ATTRIBUTE_LINKS | ATTRIBUTE_ACCESS | ATTRIBUTE_MODIFY |
                          ATTRIBUTE_CHANGE | ATTRIBUTE_BLOCKS;
    switch (w->kind) {
    case HELPER_SYNC:
        return sys_sync(w->file, SYNC_ALL);
    case HELPER_TRUNCATE:
        return sys_truncate(w->file, w->attributes.size_bytes);
    case HELPER_RENEW:
        TRY(sys_truncate(w->file, 0));
        return sys_file_set(w->file, mask, &w->attributes);
    }
    return ERR_INVALID;
}

static struct work *work_next(void)
{
    heap_lock(&lock);
    struct list_node *n = list_pop_front(&to_do);
    heap_unlock(&lock);
    return n ? list_entry(n, struct work, link) : nullptr;
}

static void help(void *argument)
{
    (void)argument;
    for (;;) {
        uint32_t seen = __atomic_load_n(&added, __ATOMIC_ACQUIRE); /* before looking: what comes later changes it */
        struct work *w = work_next();
        if (!w) {
            sys_futex(&added, FUTEX_WAIT | FUTEX_PRIVATE, seen, DEADLINE_NEVER, nullptr, 0);
            continue;
        }
        w->status = work_do(w);
        heap_lock(&lock);
        list_push_back(&done, &w->link);
        heap_unlock(&lock);
        IGNORE(sys_doorbell_ring(doorbell));
    }
}

static void work_done(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    (void)s, (void)self, (void)count, (void)value;
    heap_lock(&lock);
    for (struct list_node *n; (n = list_pop_front(&done));)
        list_entry(n, struct work, link)->slot->is_ready = true;
    heap_unlock(&lock);
    jobs_schedule();
}

static struct event_handler rung = {.happened = work_done};

enum status helper_start(void)
{
    handle_t context;
    TRY(sys_doorbell_create(PLACE_HIGH, &doorbell));
    TRY(server_bind(&p9.driver.server, doorbell, &rung));
    return context_start(help, nullptr, 0, &context);
}

enum status helper_run(enum helper_work kind, handle_t file, const struct file_attributes *attributes)
{
    struct work w = {.kind = kind, .file = file, .slot = slot_current()};
    if (attributes)
        w.attributes = *attributes;
    w.slot->is_ready = false;
    heap_lock(&lock);
    list_push_back(&to_do, &w.link);
    heap_unlock(&lock);
    __atomic_add_fetch(&added, 1, __ATOMIC_RELEASE); /* the work is on the list before it shows */
    sys_futex(&added, FUTEX_WAKE | FUTEX_PRIVATE, 1, DEADLINE_NOW, nullptr, 0);
    fiber_wait();
    return w.status;
}
