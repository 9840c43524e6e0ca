/* SPDX-License-Identifier: MIT
 * From messages to fibers: each becomes a job with its own copy of what came along, and gets a slot as soon as one is free. */
#include "p9fs.h"
#include "base/string.h"
#include "heap/heap.h"
#include "sys/log.h"

static void job_request(struct job *job)
{
    struct request *rq = &job->rq;
    if (!p9_protocol(rq))
        rq->result = ERR_NOT_SUPPORTED;
    enum status status = sys_reply(rq->endpoint, rq->id, rq->result, rq->flags, rq->m);
    if (status != OK)
        IGNORE(server_answer(&p9.driver.server, rq->id, status));
}

static void job_of_node(struct job *job)
{
    struct p9_node *node;
    if (node_find(job->inode, &node) != OK)
        return; /* forgotten: its file object is ours no more */
    switch (job->kind) {
    case JOB_PAGE_IN: pages_in(node, job->offset, job->length); break;
    case JOB_PAGE_OUT: pages_out(node, job->offset, job->length); break;
    case JOB_IDLE: file_idle(node); break;
    case JOB_COMMIT: IGNORE(sys_file_written(node->file, job->offset, 0, file_commit(node))); break;
    case JOB_REQUEST: break;
    }
    node_put(node);
}

static void job_run(void *argument)
{
    struct slot *s = argument;
    if (s->job->kind == JOB_REQUEST)
        job_request(s->job);
    else
        job_of_node(s->job);
    heap_free(s->job);
    s->job = nullptr;
}

static struct job *job_for(uint32_t slot)
{
    struct list_node *n = list_pop_front(&p9.pages);
    if (!n && slot < REQUEST_SLOTS)
        n = list_pop_front(&p9.requests);
    return n ? list_entry(n, struct job, link) : nullptr;
}

/* The slots for pages alone are looked at first, so that pages leave the others to the requests. */
static bool schedule_once(void)
{
    bool ran = false;
    for (uint32_t i = SLOTS; i-- > 0;) {
        struct slot *s = &p9.slots[i];
        if (s->fiber.is_running && s->is_ready) {
            s->is_ready = false;
            fiber_resume(&s->fiber);
            ran = true;
        }
        if (!s->fiber.is_running && (s->job = job_for(i))) {
            fiber_start(&s->fiber, job_run, s);
            ran = true;
        }
    }
    return ran;
}

void jobs_schedule(void)
{
    while (schedule_once())
        ;
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
    list_push_back(&p9.requests, &job->link);
    request_defer(rq);
    jobs_schedule();
    return true;
}

static bool page_job(enum job_kind kind, uint64_t inode, uint64_t offset, uint64_t length)
{
    struct job *job = heap_allocate(sizeof *job);
    if (!job)
        return false;
    *job = (struct job){.kind = kind, .inode = inode, .offset = offset, .length = length};
    list_push_back(kind == JOB_IDLE || kind == JOB_COMMIT ? &p9.requests : &p9.pages, &job->link);
    jobs_schedule();
    return true;
}

static void on_page_in(struct server *s, uint64_t token, uint64_t offset, uint64_t length)
{
    struct p9_node *node;
    (void)s;
    if (!page_job(JOB_PAGE_IN, token, offset, length) && node_find(token, &node) == OK) {
        IGNORE(sys_file_supply(node->file, offset, ERR_NO_MEMORY, HANDLE_NONE, 0));
        node_put(node);
    }
}

static void on_page_out(struct server *s, uint64_t token, uint64_t offset, uint64_t length)
{
    struct p9_node *node;
    (void)s;
    if (!page_job(JOB_PAGE_OUT, token, offset, length) && node_find(token, &node) == OK) {
        IGNORE(sys_file_written(node->file, offset, length, ERR_NO_MEMORY));
        node_put(node);
    }
}

static void on_file_idle(struct server *s, uint64_t token)
{
    (void)s;
    if (!page_job(JOB_IDLE, token, 0, 0))
        log_warning("file %lu: no memory to end its use", (unsigned long)token);
}

static void on_file_commit(struct server *s, uint64_t token, uint64_t number)
{
    struct p9_node *node;
    (void)s;
    if (!page_job(JOB_COMMIT, token, number, 0) && node_find(token, &node) == OK) {
        IGNORE(sys_file_written(node->file, number, 0, ERR_NO_MEMORY));
        node_put(node);
    }
}

const struct scheme_ops p9_scheme = {.protocol = on_protocol, .page_in = on_page_in, .page_out = on_page_out,
                                     .file_idle = on_file_idle, .file_commit = on_file_commit};
