/* SPDX-License-Identifier: MIT
 * From messages to the worker: each becomes a job with its own copy of what came along. Jobs are done one after the other in the order
 * in which they came, so a page that is asked for after a truncation is read after it. */
#include "redoxfsd.h"
#include "base/string.h"
#include "base/try.h"
#include "heap/heap.h"
#include "sys/log.h"

#define STACK_BYTES (128u << 10)

enum job_kind : uint32_t { JOB_REQUEST, JOB_PAGE_IN, JOB_IDLE };
struct job {
    struct list_node link;
    enum job_kind kind;
    uint32_t node;
    uint64_t offset, length;
    struct message m;
    struct request rq;
    uint8_t data[];                   /* what the client sent */
};

static struct list_node jobs = LIST_INIT(jobs);
static struct fiber worker;
static bool is_waiting;

static void request_run(struct job *job)
{
    struct request *rq = &job->rq;
    rq->deferred = false;
    if (redoxfsd.mount_status != OK)
        rq->result = redoxfsd.mount_status;
    else if (!serve_protocol(rq))
        rq->result = ERR_NOT_SUPPORTED;
    if (rq->deferred)
        return;
    enum status status = sys_reply(rq->endpoint, rq->id, rq->result, rq->flags, rq->m);
    if (status != OK)
        IGNORE(server_answer(&redoxfsd.server, rq->id, status));
}

static void node_idle(uint32_t id)
{
    struct open_node *node = node_find(id);
    if (node)
        node_drop(node);
}

static void job_run(struct job *job)
{
    if (redoxfsd.mount_status == ERR_BUSY)
        redoxfsd.mount_status = disk.status == OK ? volume_open() : disk.status;
    switch (job->kind) {
    case JOB_REQUEST: request_run(job); break;
    case JOB_PAGE_IN: pages_in(job->node, job->offset, job->length); break;
    case JOB_IDLE: node_idle(job->node); break;
    }
    heap_free(job);
}

static void work(void *argument)
{
    (void)argument;
    for (struct list_node *n; (n = list_pop_front(&jobs));)
        job_run(list_entry(n, struct job, link));
}

void worker_wait(void)
{
    is_waiting = true;
    fiber_wait();
}

void worker_wake(void)
{
    is_waiting = false;
}

void jobs_schedule(void)
{
    if (fiber_current() || !disk.is_known)
        return; /* the worker itself; or it is too early */
    if (worker.is_running && !is_waiting)
        fiber_resume(&worker);
    if (!worker.is_running && !list_is_empty(&jobs))
        fiber_start(&worker, work, nullptr);
}

static bool on_protocol(struct request *rq)
{
    if (rq->data_length > rq->data.length)
        return false; /* no message of ours is that long */
    struct job *job = heap_allocate(sizeof *job + rq->data.length);
    if (!job) {
        rq->result = ERR_NO_MEMORY;
        return true;
    }
    *job = (struct job){.kind = JOB_REQUEST, .m = *rq->m, .rq = *rq};
    memcpy(job->data, rq->data.data, rq->data.length);
    job->rq.m = &job->m;
    job->rq.data.data = job->data;
    list_push_back(&jobs, &job->link);
    request_defer(rq);
    jobs_schedule();
    return true;
}

static bool node_job(enum job_kind kind, uint64_t token, uint64_t offset, uint64_t length)
{
    struct job *job = heap_allocate(sizeof *job);
    if (!job)
        return false;
    *job = (struct job){.kind = kind, .node = (uint32_t)token, .offset = offset, .length = length};
    list_push_back(&jobs, &job->link);
    jobs_schedule();
    return true;
}

static void on_page_in(struct server *s, uint64_t token, uint64_t offset, uint64_t length)
{
    (void)s;
    if (node_job(JOB_PAGE_IN, token, offset, length))
        return;
    struct open_node *node = node_find((uint32_t)token);
    if (node)
        IGNORE(sys_file_supply(node->file, offset, ERR_NO_MEMORY, HANDLE_NONE, 0));
}

static void on_file_idle(struct server *s, uint64_t token)
{
    (void)s;
    if (!node_job(JOB_IDLE, token, 0, 0))
        log_warning("file %lu: no memory to end its use", (unsigned long)token);
}

const struct scheme_ops redoxfsd_scheme = {.protocol = on_protocol, .page_in = on_page_in, .file_idle = on_file_idle};

enum status jobs_start(void)
{
    return fiber_make(&worker, STACK_BYTES);
}
