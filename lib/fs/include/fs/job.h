/* SPDX-License-Identifier: MIT
 * What a filesystem's server is asked for, as jobs that it does when it can: requests of the fs protocol, each with its own copy of what came
 * along, and the kernel's questions about its files. Where there is no memory for a job, the asker gets that answer. The loop's alone. */
#pragma once
#include "base/list.h"
#include "server/server.h"

enum job_kind : uint32_t {
    JOB_REQUEST, JOB_PAGE_IN, JOB_PAGE_OUT,
    JOB_CUT,                          /* offset: the new size */
    JOB_COMMIT,                       /* offset: the commit's number */
    JOB_IDLE,
    JOB_OWN,                          /* from here on the server's own */
};

struct job {
    struct list_node link;
    enum job_kind kind;
    uint64_t node, offset, length;
    enum status status;               /* the server's */
    struct message m;
    struct request rq;
    uint8_t data[];                   /* what the client sent */
};

struct job_owner {
    void (*add)(struct job *job);     /* it waits from now on, and may run at once; freed with heap_free when it is done */
    handle_t (*file)(uint64_t node);  /* the node's file object, to be told of failures; HANDLE_NONE: it has none any more */
};

void jobs_init(const struct job_owner *owner);
bool job_add(enum job_kind kind, uint64_t node, uint64_t offset, uint64_t length); /* false: no memory */
/* The answer to a JOB_REQUEST, whose result is in rq; one that is deferred again is answered by who did that. */
void job_answer(struct server *s, struct job *job);

/* For struct scheme_ops. */
bool job_protocol(struct request *rq);
void job_page_in(struct server *s, uint64_t token, uint64_t offset, uint64_t length);
void job_page_out(struct server *s, uint64_t token, uint64_t offset, uint64_t length);
void job_file_cut(struct server *s, uint64_t token, uint64_t size_bytes);
void job_file_commit(struct server *s, uint64_t token, uint64_t number);
void job_file_idle(struct server *s, uint64_t token);
