/* SPDX-License-Identifier: MIT
 * When changes come to last: at a sync, and otherwise some seconds after the first of them. */
#include "redoxfsd.h"
#include "base/try.h"
#include "heap/heap.h"
#include "sys/clock.h"
#include "sys/log.h"

#define COMMIT_AFTER_NS 5000000000ull

static handle_t timer;
static bool is_armed;

enum status volume_commit(void)
{
    enum status worst = OK;
    if (redoxfsd.is_read_only)
        return OK;
    is_armed = false;
    for (struct open_node *node = node_after(nullptr); node; node = node_after(node)) {
        enum status status = node_push(node);
        if (status != OK)
            worst = status;
    }
    enum status status = redoxfs_commit(&redoxfsd.fs);
    return status != OK ? status : worst;
}

void commit_soon(void)
{
    if (is_armed)
        return;
    is_armed = sys_timer_set(timer, clock_monotonic_ns() + COMMIT_AFTER_NS, 0) >= 0;
}

static void time_is_up(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    (void)s, (void)self, (void)count, (void)value;
    if (is_armed && !job_add(JOB_COMMIT_ALL, 0, 0, 0)) {
        is_armed = false;
        commit_soon();
    }
}

static struct event_handler late = {time_is_up};

enum status commit_start(void)
{
    TRY(sys_timer_create(PLACE_HIGH, &timer));
    TRY(file_helper_start(&redoxfsd.server, jobs_schedule));
    return server_bind(&redoxfsd.server, timer, &late);
}

/* -- sync: the pages of one file after the other, and then the commit ------------------------------------------------ */

struct sync { struct file_work work; uint64_t request; uint32_t node; };

static void sync_next(struct sync *s);

static void file_synced(struct file_work *work)
{
    struct sync *s = container_of(work, struct sync, work);
    if (work->status != OK) /* the others' pages shall be written all the same; who has this file learns it at its own sync */
        log_warning("node %u: %s", s->node, status_sentence(work->status));
    sync_next(s);
}

static void sync_next(struct sync *s)
{
    const struct open_node *node = node_from(s->node + 1);
    while (node && (node->file == HANDLE_NONE || node->is_held))
        node = node_after(node);
    if (!node) {
        if (!job_add(JOB_SYNCED, 0, s->request, 0))
            IGNORE(server_answer(&redoxfsd.server, s->request, ERR_NO_MEMORY));
        heap_free(s);
        return;
    }
    s->node = node_number(node);
    s->work = (struct file_work){.kind = FILE_WORK_SYNC, .file = node->file, .done = file_synced};
    file_helper_run(&s->work);
}

enum status sync_begin(struct request *rq)
{
    struct sync *s;
    TRY(HEAP_NEW(&s));
    *s = (struct sync){.request = request_defer(rq)};
    sync_next(s);
    return OK;
}
