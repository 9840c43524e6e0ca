/* SPDX-License-Identifier: MIT
 * diskd: a whole disk as a file, /dev/vda. It is one file object: reading, writing, seeking and mapping are the kernel's, from cached pages,
 * which come and go through the driver's ring. One transfer is under way at a time, in the order in which they were asked for.
 * What the disk has behind it changes when others write to it (a filesystem that is mounted), so pages are kept only while somebody has
 * the file open: when it was idle, opening it drops them. The last close writes back what is dirty.
 * Everything belongs to the loop; what waits for pages is the helper's (fs/helper.h). */
#include "base/fmt.h"
#include "base/list.h"
#include "base/string.h"
#include "base/try.h"
#include "block/client.h"
#include "fs/helper.h"
#include "fs/job.h"
#include "heap/heap.h"
#include "protocol/vfs.h"
#include "sys/log.h"
#include "sys/start.h"

#define WINDOW_BYTES (128u << 10)
#define SECTOR_BYTES 512u
#define DISK_MAJOR 254ull
#define MINORS_EACH 16u

struct opening { struct list_node link; uint64_t request; uint32_t flags; };

static struct server server;
static struct block_client client;
static handle_t file = HANDLE_NONE, window_memory;
static uint8_t *window;
static uint32_t buffer;
static struct list_node jobs = LIST_INIT(jobs), openings = LIST_INIT(openings);
static struct job *current;
static struct file_attributes facts;
static struct file_work work;              /* one at a time: while openings wait, or after the last close */
static bool is_working, is_idle = true;
static char name[24];

/* -- pages ---------------------------------------------------------------------------------------------------------- */

static void next_job(void);

static size_t part_bytes(void)
{
    return (size_t)MIN(current->length, (uint64_t)WINDOW_BYTES);
}

/* What of the part lies on the disk: its last page may reach behind the end. */
static size_t disk_part(void)
{
    return current->offset < facts.size_bytes ? (size_t)MIN((uint64_t)part_bytes(), facts.size_bytes - current->offset) : 0;
}

static void job_end(void)
{
    heap_free(current);
    current = nullptr;
    next_job();
}

/* One part is done; on with the next of the same job. */
static void part_done(enum status status)
{
    size_t bytes = part_bytes();
    if (current->kind == JOB_COMMIT) {
        IGNORE(sys_file_written(file, current->offset, 0, status == ERR_NOT_SUPPORTED ? OK : status)); /* no cache: nothing to flush */
        job_end();
        return;
    }
    if (current->kind == JOB_PAGE_IN) {
        memset(window + disk_part(), 0, bytes - disk_part());
        if (status == OK)
            status = sys_file_supply(file, current->offset, (int64_t)bytes, window_memory, 0);
        if (status != OK)
            IGNORE(sys_file_supply(file, current->offset, status, HANDLE_NONE, 0));
    } else {
        IGNORE(sys_file_written(file, current->offset, bytes, status));
    }
    current->offset += bytes;
    current->length -= bytes;
    if (current->length == 0 || (current->kind == JOB_PAGE_IN && status != OK)) {
        job_end();
        return;
    }
    next_job();
}

static void transferred(struct block_client *c, void *argument, enum status status)
{
    (void)c, (void)argument;
    part_done(status);
}

static enum status part_start(void)
{
    size_t bytes = disk_part();
    if (current->kind == JOB_COMMIT)
        return block_client_ask(&client, BLOCK_FLUSH, 0, buffer, 0, 0, transferred, nullptr);
    if (bytes == 0)
        return current->kind == JOB_PAGE_IN ? ERR_OUT_OF_RANGE : ERR_NO_SPACE;
    if (current->kind == JOB_PAGE_OUT && client.disk.flags & BLOCK_READ_ONLY)
        return ERR_READ_ONLY;
    if (current->kind == JOB_PAGE_OUT) {
        int64_t got = sys_file_read(file, current->offset, (struct span){window, bytes});
        if (got != (int64_t)bytes)
            return got < 0 ? (enum status)got : ERR_IO;
    }
    return block_client_ask(&client, current->kind == JOB_PAGE_IN ? BLOCK_READ : BLOCK_WRITE, current->offset, buffer, 0, (uint32_t)bytes,
                            transferred, nullptr);
}

static void next_job(void)
{
    static bool is_starting; /* a part that fails at once comes back here */
    if (is_starting)
        return;
    is_starting = true;
    for (bool is_under_way = false; !is_under_way;) {
        struct list_node *n = current ? &current->link : list_pop_front(&jobs);
        if (!n)
            break;
        current = list_entry(n, struct job, link);
        enum status status = part_start();
        is_under_way = status == OK;
        if (!is_under_way)
            part_done(status);
    }
    is_starting = false;
}

static void on_job(struct job *job)
{
    list_push_back(&jobs, &job->link);
    if (!current)
        next_job();
}

static handle_t file_of(uint64_t node)
{
    (void)node;
    return file;
}

static const struct job_owner job_owner = {.add = on_job, .file = file_of};

/* -- opening and closing -------------------------------------------------------------------------------------------- */

static void work_start(enum file_work_kind kind, void (*done)(struct file_work *work))
{
    is_working = true;
    work = (struct file_work){.kind = kind, .file = file, .attributes = facts, .done = done};
    file_helper_run(&work);
}

static void opening_answer(struct opening *o)
{
    struct message m = {};
    handle_t stream = HANDLE_NONE;
    uint32_t flags = (o->flags & OPEN_READ ? STREAM_READ : 0u) | (o->flags & OPEN_WRITE ? STREAM_WRITE : 0u) |
                     (o->flags & OPEN_SYNC ? STREAM_SYNC : 0u);
    uint32_t rights = RIGHT_GRANT | (o->flags & OPEN_READ ? RIGHT_READ : 0u) | (o->flags & OPEN_WRITE ? RIGHT_WRITE : 0u);
    enum status status = sys_stream_create(file, flags, rights, PLACE_HIGH, &stream);
    m.words[0] = FILE_BLOCK;
    m.words[3] = stream;
    if (sys_reply(server.endpoint, o->request, status, status == OK ? REPLY_HANDLE | REPLY_HANDLE_MOVE : 0, &m) != OK)
        log_warning("somebody who opened it is gone");
    heap_free(o);
}

static void openings_answer(void);

static void pages_dropped(struct file_work *w)
{
    if (w->status != OK)
        log_warning("old pages were kept: %s", status_sentence(w->status));
    is_working = is_idle = false;
    openings_answer();
}

static void written_back(struct file_work *w)
{
    is_working = false;
    if (w->kind == FILE_WORK_TRUNCATE)
        work_start(FILE_WORK_SYNC, written_back);
    else if (w->status != OK)
        log_error("what was written is not all on the disk: %s", status_sentence(w->status));
    if (!is_working && !list_is_empty(&openings))
        work_start(FILE_WORK_RENEW, pages_dropped);
}

static void on_file_idle(struct server *s, uint64_t token)
{
    (void)s, (void)token;
    is_idle = true;
    if (!is_working)
        work_start(FILE_WORK_TRUNCATE, written_back); /* what was written behind the end goes nowhere */
}

/* Somebody wrote behind the end, or cut it: neither is the disk's. */
static bool size_differs(void)
{
    struct file_attributes now;
    return sys_stat(file, &now) == OK && now.size_bytes != facts.size_bytes;
}

static void openings_answer(void)
{
    for (struct list_node *n; (n = list_pop_front(&openings));)
        opening_answer(list_entry(n, struct opening, link));
}

static void size_restored(struct file_work *w)
{
    is_working = false;
    if (w->status != OK)
        log_warning("its length is wrong: %s", status_sentence(w->status));
    if (is_idle)
        work_start(FILE_WORK_RENEW, pages_dropped);
    else
        openings_answer();
}

static enum status on_open(struct request *rq, struct view path, uint32_t flags, uint32_t mode, handle_t *out_handle, uint32_t *out_kind)
{
    struct opening *o;
    (void)path, (void)mode, (void)out_handle, (void)out_kind;
    if (flags & OPEN_WRITE && client.disk.flags & BLOCK_READ_ONLY)
        return ERR_READ_ONLY;
    if (file == HANDLE_NONE)
        return ERR_NO_DEVICE;
    TRY(HEAP_NEW(&o));
    *o = (struct opening){.request = request_defer(rq), .flags = flags};
    list_push_back(&openings, &o->link);
    if (!is_working && size_differs())
        work_start(FILE_WORK_TRUNCATE, size_restored);
    else if (!is_working && is_idle)
        work_start(FILE_WORK_RENEW, pages_dropped);
    else if (!is_working)
        opening_answer(list_entry(list_pop_front(&openings), struct opening, link));
    return OK;
}

static const struct scheme_ops ops = {.open = on_open, .page_in = job_page_in, .page_out = job_page_out, .file_idle = on_file_idle,
                                      .file_commit = job_file_commit};

/* -- start ---------------------------------------------------------------------------------------------------------- */

static void registered(struct server *s, struct completion *self, const struct message *reply)
{
    (void)s, (void)self;
    if (reply->result < 0)
        log_error("/dev/%s: %s", name, status_sentence((enum status)reply->result));
}

static struct completion registration = {.done = registered};

static enum status register_device(void)
{
    handle_t target;
    TRY(server_resource(&server, 0, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, RESOURCE_RESTARTABLE, STREAM_READ | STREAM_WRITE, &target));
    const struct vfs_device_in in = {.name = view_of_string(name), .target = target, .type = FILE_BLOCK, .mode = 0660, .special = facts.special};
    enum status status = vfs_device_submit(start_handle(start_current(), "vfs"), &in, server.endpoint, server_completion_tag(&registration));
    IGNORE(sys_handle_close(target));
    return status;
}

/* The disk is known: its file can be made. */
static void connected(struct block_client *c, enum status status)
{
    facts.size_bytes = c->disk.bytes & ~(uint64_t)(SECTOR_BYTES - 1);
    if (status == OK)
        status = sys_file_create(server.endpoint, 1, &facts, PLACE_HIGH, &file);
    if (status == OK)
        status = register_device();
    if (status != OK)
        log_error("/dev/%s is not there: %s", name, status_sentence(status));
}

static enum status start(const struct start_block *block)
{
    uint64_t address, number = 0;
    struct view instance = start_option(block, "instance=");
    fmt(name, sizeof name, "%.*s", (int)instance.length, (const char *)instance.data);
    IGNORE(view_to_u64(start_option(block, "number="), &number));
    facts = (struct file_attributes){.inode = 1, .type = FILE_BLOCK, .mode = 0660, .links = 1, .block_bytes = PAGE_SIZE_BYTES,
                                     .special = DISK_MAJOR << 8 | (number * MINORS_EACH)};
    TRY(server_init(&server, start_handle(block, "endpoint"), &ops, nullptr));
    jobs_init(&job_owner);
    TRY(file_helper_start(&server, nullptr));
    TRY(sys_memory_create(WINDOW_BYTES, MEMORY_WIRED | MEMORY_CONTIGUOUS, PLACE_HIGH, &window_memory));
    TRY(sys_map(HANDLE_SELF_SPACE, 0, WINDOW_BYTES, MAP_SHARED_ | PROT_READ_ | PROT_WRITE_, window_memory, 0, &address));
    window = (uint8_t *)(uintptr_t)address;
    TRY(block_client_init(&client, &server, start_handle(block, "device")));
    TRY(block_client_buffer(&client, window_memory, WINDOW_BYTES, &buffer));
    return block_client_connect(&client, connected);
}

int main(const struct start_block *block)
{
    enum status status = start(block);
    if (status == OK)
        status = server_run(&server);
    log_error("ended: %s", status_sentence(status));
    return 1;
}
