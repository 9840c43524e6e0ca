/* SPDX-License-Identifier: MIT
 * Pseudo-terminals: the device is a program that has the master open. What it writes is typed at the slave; what the slave prints it
 * reads. The slave of number N is /dev/pts/N, known to vfsd while either side is open. */
#include "ttyd.h"
#include "base/fmt.h"
#include "heap/heap.h"
#include "protocol/vfs.h"
#include "sys/log.h"

#define CHUNK_BYTES 4096u

static uint8_t chunk[CHUNK_BYTES];

static struct pending *first_of(struct list_node *queue)
{
    return list_is_empty(queue) ? nullptr : list_entry(queue->next, struct pending, link);
}

static bool slave_is_gone(const struct terminal *t) { return t->was_opened && list_is_empty(&t->slaves); }

/* -- the master's reads: the slave's output -- */

static bool serve_master_reader(struct terminal *t)
{
    struct pending *p = first_of(&t->master_readers);
    if (!p)
        return false;
    size_t count = line_transmit(&t->line, (struct span){chunk, MIN(p->length, sizeof chunk)});
    if (count == 0) {
        if (slave_is_gone(t))
            pending_answer(p, ERR_IO);
        return false;
    }
    pending_answer_data(p, (struct view){chunk, count});
    return true;
}

/* There is output: a master that waits gets it. */
static void pseudo_push(struct terminal *t)
{
    while (!line_output_empty(&t->line) && !t->line.stopped && serve_master_reader(t))
        continue;
}

static bool pseudo_is_idle(const struct terminal *t)
{
    (void)t;
    return true;
}

enum status master_read(struct request *rq, struct terminal *t, uint64_t capacity, uint32_t stream_flags, struct view *out_data)
{
    if (capacity == 0)
        return OK;
    size_t count = list_is_empty(&t->master_readers) ? line_transmit(&t->line, (struct span){chunk, MIN(capacity, sizeof chunk)}) : 0;
    if (count) {
        *out_data = (struct view){chunk, count};
        terminal_output_done(t); /* writers have room again; they write into the line, not into our chunk */
        return OK;
    }
    if (slave_is_gone(t))
        return ERR_IO;
    if (stream_flags & STREAM_NONBLOCK)
        return ERR_WOULD_BLOCK;
    struct pending *p = pending_add(&t->master_readers, t, PENDING_READ, rq);
    if (!p)
        return ERR_NO_MEMORY;
    p->is_master = true;
    p->length = capacity;
    return OK;
}

/* -- the master's writes: the slave's input -- */

static size_t type_bytes(struct terminal *t, struct view data)
{
    size_t taken = 0;
    while (taken < data.length && line_input(&t->line, data.data[taken]))
        taken++;
    return taken;
}

enum status master_write(struct request *rq, struct terminal *t, struct view data, uint32_t stream_flags, uint64_t *out_taken)
{
    size_t taken = 0;
    while (taken < data.length && list_is_empty(&t->master_writers)) {
        size_t now = type_bytes(t, (struct view){data.data + taken, data.length - taken});
        if (now == 0)
            break;
        taken += now;
        terminal_input_done(t); /* a reader that waits takes it and makes room */
    }
    *out_taken = taken;
    if (taken == rq->data_length)
        return OK;
    if (stream_flags & STREAM_NONBLOCK)
        return taken ? OK : ERR_WOULD_BLOCK;
    struct pending *p = pending_add(&t->master_writers, t, PENDING_WRITE, rq);
    if (!p)
        return taken ? OK : ERR_NO_MEMORY;
    p->is_master = true;
    p->length = rq->data_length;
    p->done = taken;
    return OK;
}

/* False: it still waits for room. */
static bool continue_master_write(struct terminal *t, struct pending *p, bool *typed)
{
    static uint8_t piece[512];
    while (p->done < p->length) {
        size_t wanted = MIN(p->length - p->done, sizeof piece);
        int64_t got = sys_request_read(ttyd.server.endpoint, p->request, p->done, (struct span){piece, wanted});
        if (got <= 0) {
            pending_answer(p, p->done ? (int64_t)p->done : got < 0 ? got : ERR_BAD_ADDRESS);
            return true;
        }
        size_t taken = type_bytes(t, (struct view){piece, (size_t)got});
        *typed |= taken != 0;
        p->done += taken;
        if (taken < (size_t)got)
            return false;
    }
    pending_answer(p, (int64_t)p->done);
    return true;
}

/* The slave's input has room: writers that wait go on, for as long as readers take what they type. */
void master_serve(struct terminal *t)
{
    bool typed;
    do {
        typed = false;
        for (struct pending *p; (p = first_of(&t->master_writers)) != nullptr && continue_master_write(t, p, &typed);)
            continue;
        if (typed)
            terminal_input_done(t);
    } while (typed);
}

/* -- birth and death -- */

static void registered(struct server *s, struct completion *self, const struct message *reply)
{
    (void)s, (void)self;
    if (reply->result < 0 && reply->result != ERR_EXISTS)
        log_warning("/dev/pts: %s", status_sentence(reply->result));
}

static struct {
    struct completion done;
    char names[PSEUDO_MAX][8];   /* stay: vfsd reads them later */
} registry = {.done = {.done = registered}};

static void tell_vfs(uint32_t index, handle_t target)
{
    size_t length = fmt(registry.names[index], sizeof registry.names[index], "pts/%u", index);
    const struct vfs_device_in in = {.name = {(const uint8_t *)registry.names[index], length}, .target = target,
                                     .type = FILE_CHARACTER, .mode = 0620, .special = NUMBER_SLAVE(index)};
    enum status s = vfs_device_submit(ttyd.vfs, &in, ttyd.server.endpoint, server_completion_tag(&registry.done));
    if (s != OK)
        log_warning("/dev/pts/%u: %s", index, status_sentence(s));
}

static void register_slave(uint32_t index)
{
    handle_t target;
    if (ttyd.vfs == HANDLE_NONE ||
        server_resource(&ttyd.server, DEVICE_SLAVE_FIRST + index, RIGHT_ALL & ~RIGHT_MANAGE, 0, STREAM_READ | STREAM_WRITE, &target) != OK)
        return;
    tell_vfs(index, target);
    IGNORE(sys_handle_close(target));
}

enum status pseudo_find(uint32_t index, struct terminal **out)
{
    if (index >= PSEUDO_MAX || !ttyd.pseudos[index] || list_is_empty(&ttyd.pseudos[index]->masters))
        return ERR_IO;
    if (ttyd.pseudos[index]->is_locked)
        return ERR_IO;
    *out = ttyd.pseudos[index];
    return OK;
}

enum status pseudo_open_master(handle_t *out_handle, uint32_t open_flags)
{
    uint32_t index = 0;
    while (index < PSEUDO_MAX && ttyd.pseudos[index])
        index++;
    if (index == PSEUDO_MAX)
        return ERR_LIMIT;
    struct terminal *t;
    TRY(HEAP_NEW(&t));
    terminal_init(t, NUMBER_SLAVE((int32_t)index), pseudo_push, pseudo_is_idle);
    t->is_pseudo = t->is_locked = true;
    t->rows = t->columns = 0;
    enum status s = terminal_open(t, true, false, open_flags, out_handle);
    if (s != OK) {
        heap_free(t);
        return s;
    }
    ttyd.pseudos[index] = t;
    register_slave(index);
    return OK;
}

/* The number is free again when nobody has either side open. */
void pseudo_closed(struct terminal *t, bool is_master)
{
    if (is_master && list_is_empty(&t->masters) && !t->is_hung)
        terminal_hang_up(t);
    if (!is_master && slave_is_gone(t))
        for (struct pending *p; line_output_empty(&t->line) && (p = first_of(&t->master_readers)) != nullptr;)
            pending_answer(p, ERR_IO);
    if (!list_is_empty(&t->masters) || !list_is_empty(&t->slaves)) {
        terminal_ready(t);
        return;
    }
    ttyd.pseudos[(uint32_t)t->number & 0xff] = nullptr;
    if (ttyd.vfs != HANDLE_NONE)
        tell_vfs((uint32_t)t->number & 0xff, HANDLE_NONE);
    heap_free(t);
}
