/* SPDX-License-Identifier: MIT
 * The helper context. */
#include "fs/helper.h"
#include "base/try.h"
#include "heap/lock.h"
#include "server/server.h"
#include "sys/context.h"

static struct heap_lock lock;
static struct list_node to_do = LIST_INIT(to_do), done = LIST_INIT(done);  /* under lock */
static uint32_t added;                                                     /* rises with each new work; a futex */
static handle_t doorbell = HANDLE_NONE;
static void (*after_done)(void);

static enum status work_do(const struct file_work *w)
{
    const uint32_t mask = ATTRIBUTE_SIZE | ATTRIBUTE_MODE | ATTRIBUTE_OWNER | ATTRIBUTE_LINKS | ATTRIBUTE_ACCESS | ATTRIBUTE_MODIFY |
                          ATTRIBUTE_CHANGE | ATTRIBUTE_BLOCKS;
    switch (w->kind) {
    case FILE_WORK_SYNC:
        return sys_sync(w->file, SYNC_ALL);
    case FILE_WORK_TRUNCATE:
        return sys_truncate(w->file, w->attributes.size_bytes);
    case FILE_WORK_RENEW:
        TRY(sys_truncate(w->file, 0));
        return sys_file_set(w->file, mask, &w->attributes);
    }
    return ERR_INVALID;
}

static struct file_work *work_next(void)
{
    heap_lock(&lock);
    struct list_node *n = list_pop_front(&to_do);
    heap_unlock(&lock);
    return n ? list_entry(n, struct file_work, link) : nullptr;
}

static void help(void *argument)
{
    (void)argument;
    for (;;) {
        uint32_t seen = __atomic_load_n(&added, __ATOMIC_ACQUIRE); /* before looking: what comes later changes it */
        struct file_work *w = work_next();
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
    struct list_node batch = LIST_INIT(batch);
    heap_lock(&lock);
    list_append_all(&batch, &done);
    heap_unlock(&lock);
    for (struct list_node *n; (n = list_pop_front(&batch));) {
        struct file_work *w = list_entry(n, struct file_work, link);
        w->done(w);
    }
    if (after_done)
        after_done();
}

static struct event_handler rung = {.happened = work_done};

enum status file_helper_start(struct server *server, void (*all_done)(void))
{
    handle_t context;
    after_done = all_done;
    TRY(sys_doorbell_create(PLACE_HIGH, &doorbell));
    TRY(server_bind(server, doorbell, &rung));
    return context_start(help, nullptr, 0, &context);
}

void file_helper_run(struct file_work *work)
{
    heap_lock(&lock);
    list_push_back(&to_do, &work->link);
    heap_unlock(&lock);
    __atomic_add_fetch(&added, 1, __ATOMIC_RELEASE); /* the work is on the list before it shows */
    sys_futex(&added, FUTEX_WAKE | FUTEX_PRIVATE, 1, DEADLINE_NOW, nullptr, 0);
}
