/* SPDX-License-Identifier: MIT
 * A context beside the loop that does what waits for pages of the server's own files: the loop must be free to bring and take them.
 * Work goes to it through one list under a lock, done work comes back through another and a doorbell, in the loop. */
#pragma once
#include "abi/file.h"
#include "abi/handle.h"
#include "abi/status.h"
#include "base/list.h"

struct server;
enum file_work_kind : uint32_t {
    FILE_WORK_SYNC,        /* every dirty page goes out to the server */
    FILE_WORK_TRUNCATE,    /* to attributes.size_bytes */
    FILE_WORK_RENEW,       /* all pages go, attributes are taken */
};

/* The caller's until it is done. */
struct file_work {
    struct list_node link;
    enum file_work_kind kind;
    handle_t file;
    struct file_attributes attributes;
    enum status status;
    void (*done)(struct file_work *work);  /* from the loop */
};

/* `all_done` is called from the loop after each batch of `done`; it may be null. */
enum status file_helper_start(struct server *server, void (*all_done)(void));
void file_helper_run(struct file_work *work);
