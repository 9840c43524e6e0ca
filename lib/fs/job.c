/* SPDX-License-Identifier: MIT
 * From messages to jobs (fs/job.h). */
#include "fs/job.h"
#include "base/string.h"
#include "heap/heap.h"
#include "sys/log.h"

static const struct job_owner *owner;

void jobs_init(const struct job_owner *who)
{
    owner = who;
}

bool job_add(enum job_kind kind, uint64_t node, uint64_t offset, uint64_t length)
{
    struct job *job = heap_allocate(sizeof *job);
    if (!job)
        return false;
    *job = (struct job){.kind = kind, .node = node, .offset = offset, .length = length};
    owner->add(job);
    return true;
}

bool job_protocol(struct request *rq)
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
    request_defer(rq);
    owner->add(job);
    return true;
}

void job_answer(struct server *s, struct job *job)
{
    struct request *rq = &job->rq;
    if (rq->deferred)
        return;
    enum status status = sys_reply(rq->endpoint, rq->id, rq->result, rq->flags, rq->m);
    if (status != OK)
        IGNORE(server_answer(s, rq->id, status));
}

void job_page_in(struct server *s, uint64_t token, uint64_t offset, uint64_t length)
{
    (void)s;
    if (!job_add(JOB_PAGE_IN, token, offset, length))
        IGNORE(sys_file_supply(owner->file(token), offset, ERR_NO_MEMORY, HANDLE_NONE, 0));
}

void job_page_out(struct server *s, uint64_t token, uint64_t offset, uint64_t length)
{
    (void)s;
    if (!job_add(JOB_PAGE_OUT, token, offset, length))
        IGNORE(sys_file_written(owner->file(token), offset, length, ERR_NO_MEMORY));
}

void job_file_commit(struct server *s, uint64_t token, uint64_t number)
{
    (void)s;
    if (!job_add(JOB_COMMIT, token, number, 0))
        IGNORE(sys_file_written(owner->file(token), number, 0, ERR_NO_MEMORY));
}

void job_file_cut(struct server *s, uint64_t token, uint64_t size_bytes)
{
    (void)s;
    if (!job_add(JOB_CUT, token, size_bytes, 0))
        log_warning("file %lu: no memory to cut it", (unsigned long)token);
}

void job_file_idle(struct server *s, uint64_t token)
{
    (void)s;
    if (!job_add(JOB_IDLE, token, 0, 0))
        log_warning("file %lu: no memory to end its use", (unsigned long)token);
}
