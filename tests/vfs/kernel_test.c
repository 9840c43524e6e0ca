/* SPDX-License-Identifier: MIT
 * The kernel that the vfs tests play. One thread; a server runs when its loop is entered and leaves it when its queue is empty. */
#include "kernel_test.h"
#include "abi/credential.h"
#include "base/string.h"
#include "fs/ramfs/serve.h"
#include "protocol/vfs.h"
#include "servers/vfsd/vfsd.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/start.h"
#include "unit/unit.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { HANDLES = 4096, REQUESTS = 4096, VFSD = 1, RAMFS = 2, DEVICES = 3, CLIENT = 0 };

struct object {
    uint32_t kind, references;
    uint64_t id;
    struct file_attributes attributes; /* file */
    struct object *file;               /* stream */
    int server;                        /* resource, endpoint */
    uint64_t token;
};
static struct { struct object *object; uint32_t rights; } handles[HANDLES];
static uint64_t next_id = 1;
static int file_count;

struct fake_request {
    int from, to, state;               /* state 0: free, 1: queued, 2: received, 3: answered */
    uint32_t kind;
    struct message m;                  /* as sent */
    struct message *client;            /* where a call's answer goes */
    uint64_t tag, token, credential, skip;
    int64_t result;
    bool is_completion, is_closed_notice;
};
static struct fake_request requests[REQUESTS];
static int request_order[REQUESTS * 4], order_first, order_last;
static bool is_holding;
static int ramfs_budget; /* while holding: how many messages ramfs may still take */
static char forwarded[256];
static bool was_forwarded;

uint64_t fake_credential;
handle_t fake_vfs;
static struct server ramfs_server;
static struct process_entry *table;
static enum status new_instance(struct request *rq, struct view path, uint32_t open_flags, uint32_t mode, handle_t *out, uint32_t *out_kind)
{
    struct ramfs *instance;
    (void)path, (void)open_flags, (void)mode, (void)out_kind;
    TRY(ramfs_instance_create(100, (struct name_key){7, 9}, &instance));
    return server_open(rq->server, instance, RIGHT_ALL, 0, 0, out);
}
static void instance_closed(struct server *s, uint64_t token, void *object)
{
    (void)s, (void)token;
    if (object)
        ramfs_instance_destroy(object);
}
static const struct scheme_ops ramfs_ops = {.open = new_instance, .protocol = ramfs_protocol, .closed = instance_closed};

/* -- handles ----------------------------------------------------------------------------------------------------- */

static struct object *object_new(uint32_t kind)
{
    struct object *o = calloc(1, sizeof *o);
    o->kind = kind;
    o->id = next_id++;
    if (kind == OBJECT_FILE)
        file_count++;
    return o;
}

static handle_t handle_new(struct object *o, uint32_t rights)
{
    for (int i = 100; i < HANDLES; i++) {
        if (handles[i].object)
            continue;
        handles[i].object = o;
        handles[i].rights = rights;
        o->references++;
        return i;
    }
    abort();
}

static struct object *object_of(handle_t h)
{
    return h >= 0 && h < HANDLES ? handles[h].object : nullptr;
}

static int request_new(int to)
{
    for (int i = 1; i < REQUESTS; i++) {
        if (requests[i].state != 0)
            continue;
        requests[i] = (struct fake_request){.state = 1, .to = to};
        request_order[order_last++ % (REQUESTS * 4)] = i;
        return i;
    }
    abort();
}

static void object_put(struct object *o)
{
    if (--o->references > 0)
        return;
    if (o->kind == OBJECT_STREAM)
        object_put(o->file);
    if (o->kind == OBJECT_FILE)
        file_count--;
    if (o->kind == OBJECT_RESOURCE) {
        struct fake_request *r = &requests[request_new(o->server)];
        r->is_closed_notice = true;
        r->token = o->token;
    }
    free(o);
}

static int64_t handle_close(handle_t h)
{
    struct object *o = object_of(h);
    if (!o)
        return ERR_BAD_HANDLE;
    handles[h].object = nullptr;
    object_put(o);
    return OK;
}

int fake_handles(void)
{
    int count = 0;
    for (int i = 0; i < HANDLES; i++)
        count += handles[i].object != nullptr;
    return count;
}

int fake_files(void) { return file_count; }

static handle_t resource_new(int server, uint64_t token)
{
    struct object *o = object_new(OBJECT_RESOURCE);
    o->server = server;
    o->token = token;
    return handle_new(o, RIGHT_ALL);
}

/* -- calls ------------------------------------------------------------------------------------------------------- */

static int64_t file_set(handle_t h, uint32_t mask, const struct file_attributes *a)
{
    struct object *o = object_of(h);
    if (!o || o->kind != OBJECT_FILE)
        return ERR_WRONG_TYPE;
    if (mask & ATTRIBUTE_MODE) o->attributes.mode = a->mode;
    if (mask & ATTRIBUTE_OWNER) o->attributes.uid = a->uid, o->attributes.gid = a->gid;
    if (mask & ATTRIBUTE_LINKS) o->attributes.links = a->links;
    if (mask & ATTRIBUTE_ACCESS) o->attributes.access_ns = a->access_ns;
    if (mask & ATTRIBUTE_MODIFY) o->attributes.modify_ns = a->modify_ns;
    if (mask & ATTRIBUTE_LAST_WORD)
        handle_close(h);
    return OK;
}

static int64_t stat_of(handle_t h, struct file_attributes *out)
{
    struct object *o = object_of(h);
    if (o && o->kind == OBJECT_STREAM)
        o = o->file;
    if (!o || o->kind != OBJECT_FILE)
        return ERR_WRONG_TYPE;
    *out = o->attributes;
    return OK;
}

static int64_t set_size(handle_t h, uint64_t size)
{
    struct object *o = object_of(h);
    if (o && o->kind == OBJECT_STREAM)
        o = o->file;
    if (!o || o->kind != OBJECT_FILE)
        return ERR_WRONG_TYPE;
    o->attributes.size_bytes = size;
    return OK;
}

static int64_t stream_new(handle_t file, uint32_t rights)
{
    struct object *f = object_of(file);
    if (!f || f->kind != OBJECT_FILE)
        return ERR_WRONG_TYPE;
    struct object *o = object_new(OBJECT_STREAM);
    o->file = f;
    f->references++;
    return handle_new(o, rights);
}

static int64_t file_new(const struct file_attributes *a)
{
    struct object *o = object_new(OBJECT_FILE);
    o->attributes = *a;
    return handle_new(o, RIGHT_ALL);
}

static int64_t write_to(handle_t h, uint64_t length, uint64_t offset)
{
    struct object *o = object_of(h);
    if (!o || o->kind != OBJECT_STREAM)
        return ERR_WRONG_TYPE;
    if (offset == OFFSET_STREAM)
        offset = o->file->attributes.size_bytes;
    o->file->attributes.size_bytes = MAX(o->file->attributes.size_bytes, offset + length);
    return (int64_t)length;
}

static int64_t info_of(handle_t h, struct handle_info *out)
{
    struct object *o = object_of(h);
    if (!o)
        return ERR_BAD_HANDLE;
    *out = (struct handle_info){.kind = o->kind, .rights = handles[h].rights, .object_id = o->id};
    return OK;
}

int64_t trap_host(uint32_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    (void)f;
    void *pb = (void *)(uintptr_t)b, *pc = (void *)(uintptr_t)c;
    handle_t h = (handle_t)a;
    switch (number) {
    case SYS_handle_close: return handle_close(h);
    case SYS_handle_dup: return object_of(h) ? handle_new(object_of(h), c ? (uint32_t)c : handles[h].rights) : ERR_BAD_HANDLE;
    case SYS_handle_info: return info_of(h, pb);
    case SYS_stat: return stat_of(h, pb);
    case SYS_truncate: return set_size(h, b);
    case SYS_stream_create: return stream_new(h, (uint32_t)c);
    case SYS_file_create: return file_new(pc);
    case SYS_file_set: return file_set(h, (uint32_t)b, pc);
    case SYS_resource_create: return resource_new(object_of(h)->server, b);
    case SYS_write: return write_to(h, c, d);
    case SYS_pipe_create:
        ((handle_t *)(uintptr_t)a)[0] = handle_new(object_new(OBJECT_PIPE_READER), RIGHT_READ | RIGHT_GRANT);
        ((handle_t *)(uintptr_t)a)[1] = handle_new(object_new(OBJECT_PIPE_WRITER), RIGHT_WRITE | RIGHT_GRANT);
        return OK;
    case SYS_stream_flags: return OK;
    case SYS_map: return (int64_t)(uintptr_t)((handle_t)e == HANDLE_NONE ? aligned_alloc(4096, c) : (void *)table);
    case SYS_endpoint_attach: return OK;
    case SYS_random: memset((void *)(uintptr_t)a, 7, b); return OK;
    case SYS_system_info: memset((void *)(uintptr_t)a, 0, sizeof(struct system_info)); return OK;
    default: fprintf(stderr, "unexpected system call 0x%x\n", number); return ERR_NO_CALL;
    }
}

/* -- messages ---------------------------------------------------------------------------------------------------- */

static int queue_request(int from, handle_t target, uint32_t kind, const struct message *m)
{
    struct object *o = object_of(target);
    if (!o || o->kind != OBJECT_RESOURCE)
        return ERR_BAD_HANDLE;
    int id = request_new(o->server);
    struct fake_request *r = &requests[id];
    r->from = from;
    r->kind = kind;
    r->m = *m;
    r->token = o->token;
    r->credential = from == CLIENT ? fake_credential : 0;
    return id;
}

static struct server *server_of(int number)
{
    return number == VFSD ? &vfsd.server : &ramfs_server;
}

/* The next message for a server, or false. */
static bool take_message(int server, struct message *out)
{
    if (server == RAMFS && is_holding && ramfs_budget <= 0)
        return false;
    for (int i = order_first; i < order_last; i++) {
        int *slot = &request_order[i % (REQUESTS * 4)], id = *slot;
        struct fake_request *r = &requests[id];
        if (id == 0 || r->to != server)
            continue;
        *slot = 0;
        ramfs_budget -= server == RAMFS;
        while (order_first < order_last && request_order[order_first % (REQUESTS * 4)] == 0)
            order_first++;
        if (r->is_closed_notice || r->is_completion) {
            *out = r->m;
            out->kind = r->is_completion ? KIND_COMPLETION : KIND_CLOSED;
            out->token = r->is_completion ? r->tag : r->token;
            out->request = (uint64_t)r->result;
            r->state = 0;
            return true;
        }
        r->state = 2;
        *out = r->m;
        out->kind = r->kind;
        out->request = (uint64_t)id;
        out->token = r->token;
        out->credential = r->credential;
        out->caller = 1;
        struct span buffer = server_of(server)->receive_buffer;
        if (r->kind & KIND_SEND_DATA) {
            size_t length = r->m.words[7] - r->skip;
            CHECK(length <= buffer.length);
            if (length)
                memcpy(buffer.data, (const uint8_t *)(uintptr_t)r->m.words[6] + r->skip, length);
            out->words[6] = sys_address(buffer.data);
            out->words[7] = length;
        }
        if (r->kind & KIND_RECEIVE_DATA)
            out->words[4] = 0;
        if (r->kind & KIND_SEND_HANDLE) {
            handle_t h = (handle_t)(uint32_t)r->m.words[3];
            out->words[3] = (uint64_t)(uint32_t)handle_new(object_of(h), handles[h].rights);
        }
        return true;
    }
    return false;
}

enum status sys_receive(handle_t endpoint, uint64_t deadline_ns, struct message *out)
{
    (void)deadline_ns;
    return take_message(object_of(endpoint)->server, out) ? OK : ERR_CANCELLED;
}

enum status sys_reply(handle_t endpoint, uint64_t id, int64_t result, uint64_t flags, const struct message *m)
{
    (void)endpoint;
    struct fake_request *r = &requests[id];
    CHECK_EQUAL(r->state, 2);
    struct message answer = *m;
    answer.words[5] = 0;
    if (flags & REPLY_DATA && r->kind & KIND_RECEIVE_DATA) {
        answer.words[5] = MIN(m->words[5], r->m.words[5]);
        if (answer.words[5])
            memcpy((void *)(uintptr_t)r->m.words[4], (const void *)(uintptr_t)m->words[4], answer.words[5]);
    }
    if (flags & REPLY_HANDLE) {
        handle_t h = (handle_t)(uint32_t)m->words[3];
        CHECK(object_of(h) != nullptr);
        if (r->kind & KIND_RECEIVE_HANDLE)
            answer.words[3] = (uint64_t)(uint32_t)handle_new(object_of(h), handles[h].rights);
        if (flags & REPLY_HANDLE_MOVE)
            handle_close(h);
    }
    answer.result = result;
    r->result = result;
    if (r->from != CLIENT) {
        int done = request_new(r->from);
        requests[done].is_completion = true;
        requests[done].m = answer;
        requests[done].tag = r->tag;
        requests[done].result = result;
        r->state = 0;
        return OK;
    }
    *r->client = answer;
    r->state = 3;
    return OK;
}

enum status sys_reply_receive(handle_t endpoint, uint64_t request, int64_t result, uint64_t flags, struct message *in_out)
{
    TRY(sys_reply(endpoint, request, result, flags, in_out));
    return sys_receive(endpoint, 0, in_out) == OK ? OK : ERR_INTERRUPTED; /* the answer was sent: the loop asks again */
}

static bool server_has_message(int server)
{
    for (int i = order_first; i < order_last; i++)
        if (request_order[i % (REQUESTS * 4)] && requests[request_order[i % (REQUESTS * 4)]].to == server)
            return true;
    return false;
}

static void pump(void)
{
    int before;
    do {
        before = order_last;
        IGNORE(server_run(&vfsd.server));
        IGNORE(server_run(&ramfs_server));
    } while (order_last != before || (is_holding && ramfs_budget > 0 && server_has_message(RAMFS)));
}

enum status sys_submit(handle_t handle, uint32_t kind, const struct message *m, handle_t endpoint, uint64_t tag)
{
    int id = queue_request(object_of(endpoint)->server, handle, kind, m);
    if (id < 0)
        return (enum status)id;
    requests[id].tag = tag;
    return OK;
}

enum status sys_submit_receive(handle_t handle, uint32_t kind, struct message *in_out, handle_t endpoint, uint64_t tag)
{
    TRY(sys_submit(handle, kind, in_out, endpoint, tag));
    return sys_receive(endpoint, 0, in_out) == OK ? OK : ERR_INTERRUPTED; /* it was submitted: the loop asks again */
}

int fake_begin(handle_t target, uint32_t kind, struct message *m)
{
    int id = queue_request(CLIENT, target, kind, m);
    if (id >= 0)
        requests[id].client = m;
    pump();
    return id;
}

bool fake_is_done(int request, int64_t *out_result)
{
    struct fake_request *r = &requests[request];
    if (r->state != 3)
        return false;
    *out_result = r->result;
    r->state = 0;
    return true;
}

void fake_cancel(int request)
{
    vfsd.server.ops->cancel(&vfsd.server, (uint64_t)request);
    pump(); /* the answer goes with the loop's next receive */
}

int64_t sys_call(handle_t handle, uint32_t kind, struct message *in_out)
{
    int id = fake_begin(handle, kind, in_out);
    if (id < 0)
        return id;
    int64_t result = ERR_TIMED_OUT;
    CHECK(fake_is_done(id, &result));
    return result;
}

enum status sys_forward(handle_t handle, uint32_t kind, uint64_t id, uint64_t data_offset, const struct message *m)
{
    struct fake_request *r = &requests[id];
    CHECK_EQUAL(object_of(handle)->server, DEVICES);
    CHECK_EQUAL(kind & ~KIND_OPERATION & ~r->kind, 0u);
    size_t length = MIN(r->m.words[7] - data_offset, sizeof forwarded - 1);
    memcpy(forwarded, (const uint8_t *)(uintptr_t)r->m.words[6] + data_offset, length);
    forwarded[length] = 0;
    was_forwarded = true;
    struct message answer = {.words = {FILE_CHARACTER}};
    r->state = 2;
    handle_t device = resource_new(DEVICES, 9);
    answer.words[3] = (uint64_t)(uint32_t)device;
    (void)m;
    return sys_reply(0, id, OK, REPLY_HANDLE | REPLY_HANDLE_MOVE, &answer);
}

const char *fake_forwarded(void) { return was_forwarded ? forwarded : nullptr; }
void fake_hold(void)
{
    is_holding = true;
    ramfs_budget = 0;
}
void fake_step(int messages)
{
    ramfs_budget = messages;
    pump();
}
void fake_release(void)
{
    is_holding = false;
    pump();
}
handle_t fake_device_server(void) { return resource_new(DEVICES, 9); }
struct process_entry *fake_table(void) { return table; }

/* -- what else the servers find ---------------------------------------------------------------------------------- */

static struct start_block block;
const struct start_block *start_current(void) { return nullptr; }
handle_t start_handle(const struct start_block *b, const char *name)
{
    for (uint32_t i = 0; i < b->handle_count; i++)
        if (view_equal(view_of_string(b->handles[i].name), view_of_string(name)))
            return b->handles[i].handle;
    return HANDLE_NONE;
}
static int64_t now = 1000;
uint64_t clock_realtime_ns(void) { return (uint64_t)now++; }
uint64_t clock_monotonic_ns(void) { return (uint64_t)now; }
void log_line(enum log_level level, const char *format, ...)
{
    va_list arguments;
    if (level > LOG_WARNING)
        return;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}
const char *status_sentence(int64_t status)
{
    static char text[32];
    snprintf(text, sizeof text, "status %ld", (long)status);
    return text;
}

static void give(const char *name, struct object *o)
{
    struct start_handle *h = &block.handles[block.handle_count++];
    snprintf(h->name, sizeof h->name, "%s", name);
    h->handle = handle_new(o, RIGHT_ALL);
}

void fake_start(void)
{
    memset(handles, 0, sizeof handles); /* what an earlier test left is the heap's: gone with the program */
    memset(requests, 0, sizeof requests);
    order_first = order_last = file_count = 0;
    is_holding = was_forwarded = false;
    fake_credential = 0;
    vfsd = (struct vfsd){};
    block = (struct start_block){.random = {11, 13}};
    size_t table_bytes = align_up(sizeof(struct process_entry) * PROCESS_TABLE_SLOTS, 4096);
    if (!table)
        table = aligned_alloc(4096, table_bytes);
    memset((void *)table, 0, table_bytes);
    struct object *endpoint = object_new(OBJECT_ENDPOINT), *ramfs_endpoint = object_new(OBJECT_ENDPOINT);
    endpoint->server = VFSD;
    ramfs_endpoint->server = RAMFS;
    give("endpoint", endpoint);
    give("table", object_new(OBJECT_MEMORY));
    struct object *factory = object_new(OBJECT_RESOURCE);
    factory->server = RAMFS;
    give("ramfs", factory);
    give("null", object_new(OBJECT_NULL_DEVICE));
    CHECK_EQUAL(ram_tree_init(&ramfs.tree, (struct name_key){3, 5}, 100000, 1, ramfs_release), OK);
    CHECK_EQUAL(server_init(&ramfs_server, handle_new(ramfs_endpoint, RIGHT_ALL), &ramfs_ops, nullptr), OK);
    CHECK_EQUAL(vfsd_start(&block), OK);
    fake_vfs = resource_new(VFSD, 0);
    handle_t root = resource_new(RAMFS, 0);
    struct vfs_mount_in in = {.path = VIEW_OF_LITERAL("/"), .filesystem = root};
    struct vfs_mount_out out;
    CHECK_EQUAL(vfs_mount(fake_vfs, &in, &out), OK);
    handle_close(root);
}

/* Each test leaves its system behind; what leaks inside one is counted by fake_handles and fake_files. */
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void) { return "detect_leaks=0"; }
