/* SPDX-License-Identifier: MIT
 * echod: the smallest scheme there is, for measuring the round trip: writes are taken, reads give zeros, call 0x3f00 adds one to w0, 0x3f01
 * closes the handle that came. */
#include "server/server.h"
#include "sys/log.h"
#include "sys/start.h"

#define ECHO_INCREMENT 0x3f00u
#define ECHO_TAKE_HANDLE 0x3f01u

static const uint8_t zeros[4096];
static struct server server;

static enum status echo_open(struct request *rq, struct view path, uint32_t open_flags, uint32_t mode, handle_t *out_handle,
                             uint32_t *out_kind)
{
    (void)path, (void)open_flags, (void)mode;
    TRY(server_open(rq->server, nullptr, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, RESOURCE_ALWAYS_READY, STREAM_READ | STREAM_WRITE,
                    out_handle));
    *out_kind = FILE_CHARACTER;
    return OK;
}

static enum status echo_read(struct request *rq, uint64_t offset, uint64_t capacity, uint32_t stream_flags, struct view *out_data)
{
    (void)rq, (void)offset, (void)stream_flags;
    *out_data = (struct view){zeros, MIN(capacity, sizeof zeros)};
    return OK;
}

static enum status echo_write(struct request *rq, uint64_t offset, struct view data, uint32_t stream_flags, uint64_t *out_taken)
{
    (void)offset, (void)data, (void)stream_flags;
    *out_taken = rq->data_length;
    return OK;
}

static bool echo_protocol(struct request *rq)
{
    switch (rq->operation) {
    case ECHO_INCREMENT:
        rq->m->words[0]++;
        return true;
    case ECHO_TAKE_HANDLE:
        rq->result = sys_handle_close(request_handle(rq));
        return true;
    default:
        return false;
    }
}

static const struct scheme_ops ops = {.open = echo_open, .read = echo_read, .write = echo_write, .protocol = echo_protocol};

int main(const struct start_block *block)
{
    enum status status = server_init(&server, start_handle(block, "endpoint"), &ops, nullptr);
    if (status == OK)
        status = server_run(&server);
    log_error("ended: %s", status_sentence(status));
    return 1;
}
