/* SPDX-License-Identifier: MIT
 * Pipes. `head` and `tail` count all bytes ever read and written; byte n lies in page n / 4096 % PIPE_SLOTS. A writer (one at a time:
 * `writing`) fills beyond tail and then moves it; a reader (`reading`) empties from head and then moves it: so bytes are copied
 * without the spinlock, which orders the positions with readiness and with the ends' closing. Who waits for the other side holds
 * neither. */
#include "kernel/object/pipe.h"
#include "abi/file.h"
#include "base/try.h"
#include "kernel/core/panic.h"
#include "kernel/mm/group.h"
#include "kernel/mm/heap.h"

#define PIPE_BYTES (PIPE_PAGES * PAGE_BYTES)
/* One more than full pages: a full pipe whose head is inside a page ends inside another, so a page that the reader finished
 * never holds what the writer is filling in. */
#define PIPE_SLOTS (PIPE_PAGES + 1)

struct pipe {
    /* under lock */
    struct spinlock lock;               /* RANK_PIPE */
    uint32_t ends;                      /* that exist; the last frees the pipe */
    bool reader_closed, writer_closed;  /* no handle left */
    phys_addr_t spare;                  /* an emptied page, kept for the next; value 0: none */
    /* written under lock, read by anyone */
    uint64_t head, tail;
    /* the writer's (writing), and the reader's (reading) up to tail */
    phys_addr_t pages[PIPE_SLOTS];
    struct sleep_lock reading, writing;
    struct pipe_end reader, writer;
};
static struct cache pipe_cache = CACHE_INIT("pipe", struct pipe);

static struct pipe_end *end_of(struct object *o) { return container_of(o, struct pipe_end, object); }
static uint64_t load(const uint64_t *position)
{
    /* Acquire: the bytes before the position were written (or read) before it moved. */
    return __atomic_load_n(position, __ATOMIC_ACQUIRE);
}
static uint64_t used(const struct pipe *p) { return load(&p->tail) - load(&p->head); }
static uint64_t room(const struct pipe *p) { return PIPE_BYTES - used(p); }

static void pipe_free(struct pipe *p)
{
    for (unsigned i = 0; i < PIPE_SLOTS; i++)
        if (p->pages[i].value)
            frame_put(p->pages[i]);
    if (p->spare.value)
        frame_put(p->spare);
    cache_free(&pipe_cache, p);
}

static void end_destroy(struct object *o)
{
    struct pipe *p = end_of(o)->pipe;
    spin_lock(&p->lock);
    bool last = --p->ends == 0;
    spin_unlock(&p->lock);
    if (last)
        pipe_free(p);
}

static void end_closed(struct object *o)
{
    struct pipe_end *e = end_of(o);
    struct pipe *p = e->pipe;
    bool is_reader = e == &p->reader;
    spin_lock(&p->lock);
    if (is_reader) {
        p->reader_closed = true;
        readiness_update(&p->writer.readiness, EVENT_ERROR | EVENT_WRITE, 0);
    } else {
        p->writer_closed = true;
        readiness_update(&p->reader.readiness, EVENT_HANGUP, 0);
    }
    spin_unlock(&p->lock);
    wait_wake(is_reader ? &p->writer.waiters : &p->reader.waiters, UINT32_MAX);
}

static struct readiness *end_readiness(struct object *o) { return &end_of(o)->readiness; }

static const struct object_type reader_type = {
    .kind = OBJECT_PIPE_READER, .name = "pipe reader", .destroy = end_destroy, .handle_closed = end_closed, .readiness = end_readiness,
};
static const struct object_type writer_type = {
    .kind = OBJECT_PIPE_WRITER, .name = "pipe writer", .destroy = end_destroy, .handle_closed = end_closed, .readiness = end_readiness,
};

static void end_init(struct pipe_end *e, struct pipe *p, const struct object_type *type, uint32_t flags, uint32_t ready)
{
    object_init(&e->object, type);
    e->pipe = p;
    e->flags = flags;
    readiness_init(&e->readiness, ready);
    wait_queue_init(&e->waiters);
}

enum status pipe_create(uint32_t flags, struct pipe_end **out_reader, struct pipe_end **out_writer)
{
    struct pipe *p;
    TRY(cache_allocate(&pipe_cache, &p));
    *p = (struct pipe){.ends = 2};
    spinlock_init(&p->lock, RANK_PIPE);
    sleep_lock_init(&p->reading);
    sleep_lock_init(&p->writing);
    end_init(&p->reader, p, &reader_type, (flags & STREAM_NONBLOCK) | STREAM_READ, 0);
    end_init(&p->writer, p, &writer_type, (flags & STREAM_NONBLOCK) | STREAM_WRITE, EVENT_WRITE);
    *out_reader = &p->reader;
    *out_writer = &p->writer;
    return OK;
}

uint64_t pipe_bytes(struct pipe_end *end) { return used(end->pipe); }
uint64_t pipe_id(struct pipe_end *end) { return end->pipe->reader.object.id; }
static bool is_nonblocking(const struct pipe_end *e) { return __atomic_load_n(&e->flags, __ATOMIC_RELAXED) & STREAM_NONBLOCK; }

/* -- read -------------------------------------------------------------------------------------------------------- */

static bool can_read(void *argument)
{
    const struct pipe *p = argument;
    return used(p) || __atomic_load_n(&p->writer_closed, __ATOMIC_ACQUIRE);
}

/* The reader has taken up to `head`: the page that it finished goes back. */
static void head_move(struct pipe *p, uint64_t head)
{
    phys_addr_t gone = phys(0);
    spin_lock(&p->lock);
    bool was_full = room(p) < PIPE_ATOMIC_BYTES;
    if ((head & (PAGE_BYTES - 1)) == 0) {
        phys_addr_t *page = &p->pages[((head >> PAGE_BITS) - 1) % PIPE_SLOTS];
        gone = p->spare;
        p->spare = *page;
        *page = phys(0);
    }
    __atomic_store_n(&p->head, head, __ATOMIC_SEQ_CST);
    if (head == p->tail)
        readiness_update(&p->reader.readiness, 0, EVENT_READ);
    if (was_full && room(p) >= PIPE_ATOMIC_BYTES)
        readiness_update(&p->writer.readiness, EVENT_WRITE, 0);
    spin_unlock(&p->lock);
    if (gone.value)
        frame_put(gone);
    if (!wait_queue_is_empty(&p->writer.waiters))
        wait_wake(&p->writer.waiters, UINT32_MAX);
}

/* With `reading` held: what is there, as far as the buffers go. */
static enum status drain(struct pipe *p, struct user_io *io, uint64_t *out_done)
{
    uint64_t head = p->head, tail = load(&p->tail), start = head;
    enum status status = OK;
    while (io->left && head < tail && status == OK) {
        uint64_t inside = head & (PAGE_BYTES - 1);
        uint64_t there = MIN(PAGE_BYTES - inside, tail - head);
        size_t part = MIN(there, io->left), done;
        status = user_io_put(io, (char *)phys_to_virt(p->pages[(head >> PAGE_BITS) % PIPE_SLOTS]) + inside, part, &done);
        head += done;
        if (done)
            head_move(p, head);
    }
    *out_done = head - start;
    return head > start ? OK : status;
}

enum status pipe_read(struct pipe_end *reader, struct user_io *io, uint64_t *out_done)
{
    struct pipe *p = reader->pipe;
    *out_done = 0;
    if (io->left == 0)
        return OK;
    for (;;) {
        sleep_lock(&p->reading);
        bool closed = __atomic_load_n(&p->writer_closed, __ATOMIC_ACQUIRE); /* before looking: no byte comes after it */
        bool some = used(p);
        enum status status = some ? drain(p, io, out_done) : OK;
        sleep_unlock(&p->reading);
        if (some || closed)
            return status;
        if (is_nonblocking(reader))
            return ERR_WOULD_BLOCK;
        TRY(wait_until(&reader->waiters, can_read, p, DEADLINE_NEVER, WAIT_INTERRUPTIBLE, "pipe, to read"));
    }
}

/* -- write ------------------------------------------------------------------------------------------------------- */

struct room_wait { const struct pipe *pipe; uint64_t need; };

static bool can_write(void *argument)
{
    const struct room_wait *w = argument;
    return room(w->pipe) >= w->need || __atomic_load_n(&w->pipe->reader_closed, __ATOMIC_ACQUIRE);
}

static enum status page_at(struct pipe *p, uint64_t position, phys_addr_t *out)
{
    phys_addr_t *page = &p->pages[(position >> PAGE_BITS) % PIPE_SLOTS];
    if (!page->value) {
        spin_lock(&p->lock);
        *page = p->spare;
        p->spare = phys(0);
        spin_unlock(&p->lock);
    }
    if (!page->value)
        TRY(group_frame(group_current(), 0, FRAME_KERNEL, page));
    *out = *page;
    return OK;
}

static void tail_move(struct pipe *p, uint64_t tail)
{
    spin_lock(&p->lock);
    __atomic_store_n(&p->tail, tail, __ATOMIC_SEQ_CST);
    if (room(p) < PIPE_ATOMIC_BYTES)
        readiness_update(&p->writer.readiness, 0, EVENT_WRITE);
    readiness_update(&p->reader.readiness, EVENT_READ, 0);
    spin_unlock(&p->lock);
    if (!wait_queue_is_empty(&p->reader.waiters))
        wait_wake(&p->reader.waiters, UINT32_MAX);
}

/* With `writing` held and room for `length`: all of it becomes visible at once, unless it faults. */
static enum status fill(struct pipe *p, struct user_io *io, uint64_t length, uint64_t *out_done)
{
    uint64_t tail = p->tail, start = tail, end = tail + length;
    enum status status = OK;
    while (tail < end && status == OK) {
        uint64_t inside = tail & (PAGE_BYTES - 1);
        size_t part = MIN(PAGE_BYTES - inside, end - tail), done = 0;
        phys_addr_t page;
        status = page_at(p, tail, &page);
        if (status == OK)
            status = user_io_take(io, (char *)phys_to_virt(page) + inside, part, &done);
        tail += done;
    }
    if (tail > start)
        tail_move(p, tail);
    *out_done = tail - start;
    return tail > start ? OK : status;
}

enum status pipe_write(struct pipe_end *writer, struct user_io *io, uint64_t *out_done)
{
    struct pipe *p = writer->pipe;
    uint64_t total = io->left, need = total <= PIPE_ATOMIC_BYTES ? total : 1;
    *out_done = 0;
    while (io->left) {
        enum status status = OK;
        uint64_t done = 0;
        sleep_lock(&p->writing);
        bool closed = __atomic_load_n(&p->reader_closed, __ATOMIC_ACQUIRE);
        uint64_t fits = room(p);
        bool go = !closed && fits >= MIN(need, io->left);
        if (go)
            status = fill(p, io, MIN(fits, io->left), &done);
        sleep_unlock(&p->writing);
        *out_done += done;
        if (closed)
            status = ERR_BROKEN_PIPE;
        else if (!go && is_nonblocking(writer))
            status = ERR_WOULD_BLOCK;
        else if (!go)
            status = wait_until(&writer->waiters, can_write, &(struct room_wait){p, MIN(need, io->left)}, DEADLINE_NEVER,
                                WAIT_INTERRUPTIBLE, "pipe, to write");
        if (status != OK)
            return *out_done ? OK : status;
    }
    return OK;
}
