/* SPDX-License-Identifier: MIT
 * One exchange: a message out, its answer back, both in the slot's own memory. Data goes from and to whole pages: the header of
 * a READ's answer, or of a WRITE, lies just before them. */
#include "p9fs.h"
#include "base/string.h"
#include "sys/clock.h"
#include "sys/log.h"

#define START_LIMIT_NS 10000000000ull

struct slot *slot_current(void)
{
    struct fiber *f = fiber_current();
    return f ? (struct slot *)(void *)f : &p9.slots[0];
}

struct span slot_data(void)
{
    return (struct span){slot_current()->memory.address + DATA_OFFSET, DATA_BYTES};
}

struct p9_writer p9_message(enum p9_type type)
{
    struct slot *s = slot_current();
    return p9_begin((struct span){s->memory.address, REQUEST_AREA_BYTES}, type, type == P9_VERSION ? P9_NO_TAG : s->tag);
}

void p9_take_answers(void)
{
    struct virtq_used used;
    enum status status;
    while ((status = virtq_take(&p9.queue.ring, &used)) == OK) {
        struct slot *s = used.cookie;
        s->written = used.written;
        s->is_ready = true;
    }
    if (status != ERR_WOULD_BLOCK)
        PANIC("the device breaks the protocol of its queue");
}

/* Before the loop runs nobody else can wait for us. */
static enum status poll_answer(struct slot *s)
{
    uint64_t limit = clock_monotonic_ns() + START_LIMIT_NS;
    while (!s->is_ready) {
        if (clock_monotonic_ns() > limit)
            return ERR_TIMED_OUT;
        sys_yield();
        p9_take_answers();
    }
    return OK;
}

static enum status exchange(uint32_t request_at, uint32_t request_bytes, uint32_t answer_at, uint32_t answer_bytes,
                            enum p9_type type, struct reader *out_body)
{
    struct slot *s = slot_current();
    const struct virtq_buffer buffers[2] = {{s->memory.bus + request_at, request_bytes}, {s->memory.bus + answer_at, answer_bytes}};
    s->is_ready = false;
    TRY(virtq_add(&p9.queue.ring, buffers, 1, 1, s));
    virtio_notify(&p9.queue);
    if (!fiber_current())
        TRY(poll_answer(s));
    else
        fiber_wait();
    struct view answer = {s->memory.address + answer_at, s->written};
    return p9_answer(answer, type, type == P9_VERSION ? P9_NO_TAG : s->tag, out_body);
}

enum status p9_exchange(struct p9_writer *w, enum p9_type type, struct reader *out_body)
{
    struct view message;
    const uint32_t answer_at = DATA_OFFSET - P9_READ_HEADER_BYTES;
    TRY(p9_end(w, 0, &message));
    return exchange(0, (uint32_t)message.length, answer_at, DATA_BYTES + P9_READ_HEADER_BYTES, type, out_body);
}

enum status p9_read(uint32_t fid, uint64_t offset, uint32_t at, uint32_t length, uint32_t *out_bytes)
{
    uint8_t kept[P9_READ_HEADER_BYTES];
    uint8_t *header = slot_data().data + at - sizeof kept;
    struct view message;
    struct reader body;
    uint32_t count;
    struct p9_writer w = p9_message(P9_READ);
    p9_u32(&w, fid);
    p9_u64(&w, offset);
    p9_u32(&w, length);
    TRY(p9_end(&w, 0, &message));
    memcpy(kept, header, sizeof kept); /* data of an earlier part lies there */
    enum status status = exchange(0, (uint32_t)message.length, DATA_OFFSET + at - P9_READ_HEADER_BYTES, length + P9_READ_HEADER_BYTES,
                                  P9_READ, &body);
    if (status == OK)
        status = read_u32le(&body, &count);
    memcpy(header, kept, sizeof kept);
    TRY(status);
    if (count > length || count > body.rest.length)
        return ERR_PROTOCOL;
    *out_bytes = count;
    return OK;
}

enum status p9_write(uint32_t fid, uint64_t offset, uint32_t at, uint32_t length, uint32_t *out_bytes)
{
    struct slot *s = slot_current();
    uint8_t kept[P9_WRITE_HEADER_BYTES];
    struct span header = {slot_data().data + at - sizeof kept, sizeof kept};
    struct view message;
    struct reader body;
    uint32_t count;
    memcpy(kept, header.data, sizeof kept);
    struct p9_writer w = p9_begin(header, P9_WRITE, s->tag);
    p9_u32(&w, fid);
    p9_u64(&w, offset);
    p9_u32(&w, length);
    TRY(p9_end(&w, length, &message));
    enum status status = exchange(DATA_OFFSET + at - P9_WRITE_HEADER_BYTES, length + P9_WRITE_HEADER_BYTES, 0, REQUEST_AREA_BYTES,
                                  P9_WRITE, &body);
    memcpy(header.data, kept, sizeof kept);
    TRY(status);
    TRY(read_u32le(&body, &count));
    if (count == 0 || count > length)
        return ERR_PROTOCOL;
    *out_bytes = count;
    return OK;
}

enum status p9_walk(uint32_t from, struct view name, uint32_t *out_fid, struct p9_qid *out_qid)
{
    struct reader body;
    struct p9_qid qid = {};
    uint16_t found, names = name.length ? 1 : 0;
    uint32_t fid = ++p9.next_fid;
    struct p9_writer w = p9_message(P9_WALK);
    p9_u32(&w, from);
    p9_u32(&w, fid);
    p9_u16(&w, names);
    if (names)
        p9_string(&w, name);
    TRY(p9_exchange(&w, P9_WALK, &body));
    TRY(read_u16le(&body, &found));
    if (found != names)
        return ERR_NOT_FOUND;
    if (names)
        TRY(p9_read_qid(&body, &qid));
    *out_fid = fid;
    if (out_qid)
        *out_qid = qid;
    return OK;
}

void p9_clunk(uint32_t fid)
{
    struct reader body;
    if (fid == P9_NO_FID)
        return;
    struct p9_writer w = p9_message(P9_CLUNK);
    p9_u32(&w, fid);
    IGNORE(p9_exchange(&w, P9_CLUNK, &body)); /* it is gone whatever the answer */
}

enum status p9_getattr(uint32_t fid, struct file_attributes *out)
{
    struct reader body;
    struct p9_writer w = p9_message(P9_GETATTR);
    p9_u32(&w, fid);
    p9_u64(&w, P9_GETATTR_BASIC);
    TRY(p9_exchange(&w, P9_GETATTR, &body));
    TRY(p9_read_attributes(&body, out));
    out->device = p9.device;
    return OK;
}

enum status p9_lopen(uint32_t fid, uint32_t flags)
{
    struct reader body;
    struct p9_writer w = p9_message(P9_LOPEN);
    p9_u32(&w, fid);
    p9_u32(&w, flags);
    return p9_exchange(&w, P9_LOPEN, &body);
}

static enum status agree_on_version(void)
{
    struct reader body;
    uint32_t size;
    struct view version;
    struct p9_writer w = p9_message(P9_VERSION);
    p9_u32(&w, MESSAGE_BYTES);
    p9_string(&w, VIEW_OF_LITERAL(P9_VERSION_NAME));
    TRY(p9_exchange(&w, P9_VERSION, &body));
    TRY(read_u32le(&body, &size));
    TRY(p9_read_string(&body, &version));
    if (!view_equal(version, VIEW_OF_LITERAL(P9_VERSION_NAME)) || size < MESSAGE_BYTES)
        return ERR_NOT_SUPPORTED;
    return OK;
}

enum status p9_start(void)
{
    struct reader body;
    struct file_attributes a;
    TRY(agree_on_version());
    struct p9_writer w = p9_message(P9_ATTACH);
    p9_u32(&w, ROOT_FID);
    p9_u32(&w, P9_NO_FID);
    p9_string(&w, VIEW_OF_LITERAL("root"));
    p9_string(&w, (struct view){});
    p9_u32(&w, 0);
    TRY(p9_exchange(&w, P9_ATTACH, &body));
    TRY(p9_getattr(ROOT_FID, &a));
    return node_obtain(&a, ROOT_FID, &p9.root);
}
