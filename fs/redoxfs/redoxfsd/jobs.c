/* SPDX-License-Identifier: MIT
 * From messages to the worker: each becomes a job with its own copy of what came along. Jobs are done one after the other in the order
 * in which they came, so a page that is asked for after a truncation is read after it. */
#include "redoxfsd.h"
#include "base/try.h"
#include "heap/heap.h"
#include "sys/log.h"

#define STACK_BYTES (128u << 10)
#define GROUP_JOBS_MAX 64u            /* as many jobs may pass a commit that waits for more to share it */

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
    job_answer(&redoxfsd.server, job);
}

/* The kernel's size and times go to the volume; what was forgotten while it was open goes for good. */
static void node_idle(uint32_t id)
{
    struct open_node *node = node_find(id);
    if (!node)
        return;
    if (node->is_doomed) {
        node->file = (IGNORE(sys_handle_close(node->file)), HANDLE_NONE);
        node_forget(node);
        commit_soon();
        return;
    }
    enum status status = node_push(node);
    if (status != OK)
        log_warning("node %u: size and times are not on the volume: %s", id, status_sentence(status));
}

static void file_cut(uint32_t id, uint64_t size)
{
    struct redoxfs_node facts;
    if (redoxfsd.is_read_only || redoxfs_node_read(&redoxfsd.fs, id, &facts) != OK || facts.size_bytes <= size)
        return;
    enum status status = redoxfs_truncate(&redoxfsd.fs, id, size, time_now());
    if (status != OK)
        log_warning("node %u: not cut to %lu bytes: %s", id, (unsigned long)size, status_sentence(status));
    commit_soon();
}

static void sync_end(uint64_t request)
{
    IGNORE(server_answer(&redoxfsd.server, request, volume_commit()));
}

static void job_run(struct job *job)
{
    if (redoxfsd.mount_status == ERR_BUSY)
        redoxfsd.mount_status = disk.status == OK ? volume_open() : disk.status;
    uint32_t node = (uint32_t)job->node;
    switch ((uint32_t)job->kind) {
    case JOB_REQUEST: request_run(job); break;
    case JOB_PAGE_IN: pages_in(node, job->offset, job->length); break;
    case JOB_PAGE_OUT: pages_out(node, job->offset, job->length); break;
    case JOB_CUT: file_cut(node, job->offset); break;
    case JOB_IDLE: node_idle(node); break;
    case JOB_COMMIT: break; /* work's */
    case JOB_COMMIT_ALL: IGNORE(volume_commit()); break;
    case JOB_SYNCED: sync_end(job->offset); break;
    }
    heap_free(job);
}

/* One commit for all that were asked: each file's size and times before it, the answers after it. */
static void commit_jobs(struct list_node *asked)
{
    list_for_each(at, asked) {
        struct job *job = list_entry(at, struct job, link);
        struct open_node *node = node_find((uint32_t)job->node);
        job->status = node ? node_push(node) : ERR_PEER_GONE;
    }
    enum status status = redoxfsd.is_read_only ? OK : redoxfs_commit(&redoxfsd.fs);
    for (struct list_node *n; (n = list_pop_front(asked));) {
        struct job *job = list_entry(n, struct job, link);
        struct open_node *node = node_find((uint32_t)job->node);
        if (node && node->file != HANDLE_NONE)
            IGNORE(sys_file_written(node->file, job->offset, 0, status != OK ? status : job->status));
        heap_free(job);
    }
}

static void work(void *argument)
{
    struct list_node commits = LIST_INIT(commits);
    (void)argument;
    for (uint32_t others = 0;;) {
        struct list_node *n = list_pop_front(&jobs);
        struct job *job = n ? list_entry(n, struct job, link) : nullptr;
        if (job && job->kind == JOB_COMMIT)
            list_push_back(&commits, &job->link);
        else if (job)
            job_run(job);
        others = list_is_empty(&commits) ? 0 : others + 1;
        if (others > 0 && (!job || others > GROUP_JOBS_MAX))
            commit_jobs(&commits);
        else if (!job)
            return;
    }
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

static void on_job(struct job *job)
{
    list_push_back(&jobs, &job->link);
    jobs_schedule();
}

static handle_t file_of(uint64_t number)
{
    const struct open_node *node = node_find((uint32_t)number);
    return node ? node->file : HANDLE_NONE;
}

static const struct job_owner job_owner = {.add = on_job, .file = file_of};

const struct scheme_ops redoxfsd_scheme = {.protocol = job_protocol, .page_in = job_page_in, .page_out = job_page_out,
                                           .file_idle = job_file_idle, .file_cut = job_file_cut, .file_commit = job_file_commit};

enum status jobs_start(void)
{
    jobs_init(&job_owner);
    return fiber_make(&worker, STACK_BYTES);
}
