/* SPDX-License-Identifier: MIT
 * From messages to fibers: each becomes a job with its own copy of what came along, and gets a slot as soon as one is free. */
#include "p9fs.h"
#include "heap/heap.h"
#include "sys/log.h"

static void job_request(struct job *job)
{
    struct request *rq = &job->rq;
    if (!p9_protocol(rq))
        rq->result = ERR_NOT_SUPPORTED;
    job_answer(&p9.driver.server, job);
}

static void job_of_node(struct job *job)
{
    struct p9_node *node;
    if (node_find(job->node, &node) != OK)
        return; /* forgotten: its file object is ours no more */
    switch (job->kind) {
    case JOB_PAGE_IN: pages_in(node, job->offset, job->length); break;
    case JOB_PAGE_OUT: pages_out(node, job->offset, job->length); break;
    case JOB_IDLE: file_idle(node); break;
    case JOB_COMMIT: IGNORE(sys_file_written(node->file, job->offset, 0, file_commit(node))); break;
    default: break; /* a cut needs nothing: the size goes along with the pages */
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

static void on_job(struct job *job)
{
    list_push_back(job->kind == JOB_PAGE_IN || job->kind == JOB_PAGE_OUT ? &p9.pages : &p9.requests, &job->link);
    jobs_schedule();
}

static handle_t file_of(uint64_t inode)
{
    struct p9_node *node;
    if (node_find(inode, &node) != OK)
        return HANDLE_NONE;
    handle_t file = node->file;
    node_put(node);
    return file;
}

const struct job_owner p9_jobs = {.add = on_job, .file = file_of};

const struct scheme_ops p9_scheme = {.protocol = job_protocol, .page_in = job_page_in, .page_out = job_page_out,
                                     .file_idle = job_file_idle, .file_commit = job_file_commit};
