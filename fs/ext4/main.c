/* SPDX-License-Identifier: MIT
 * ext4, served read-only. Metadata goes through a cache of blocks; an operation that misses asks the disk, is put aside, and runs again
 * from its beginning when a block has come. File data goes from the disk into a transfer window and from there into the
 * kernel's page cache. Nothing here waits for the disk. */
#include "base/string.h"
#include "block/client.h"
#include "ext4/ext4.h"
#include "protocol/fs_server.h"
#include "protocol/vfs_abi.h"
#include "heap/heap.h"
#include "server/server.h"
#include "sys/log.h"
#include "sys/start.h"

#define CACHE_BYTES (2u << 20)
#define WINDOW_BYTES (128u << 10)
#define WINDOWS 4u
#define PARKED_MAX 64u
#define PARKED_DATA 600u
#define FILES_MAX 4096u
#define STATISTICS_MAGIC 0xef53u

enum block_state : uint8_t { BLOCK_FREE, BLOCK_READING, BLOCK_HERE };
struct cached { uint64_t number; uint64_t used; enum block_state state; };
struct parked {                        /* a request that misses a block */
    bool used;
    struct message m;
    uint64_t id, token, caller, credential, data_length;
    uint32_t operation;
    size_t bytes;
    uint8_t data[PARKED_DATA];
};
struct page_in {                       /* a stretch of a file on its way into the page cache */
    bool used, waits;                  /* waits: for a metadata block */
    uint64_t node, offset, length;     /* bytes still to be supplied */
    uint64_t planned;                  /* bytes of the window that are asked for or zero already */
    uint64_t chunk;                    /* bytes of the window in all */
    uint32_t window, under_way;
    enum status status;
};
struct open_file { uint64_t node; handle_t handle; };

static struct server server;
static struct block_client disk;
static struct ext4 fs;
static bool is_open;
static uint64_t device_number;
static uint32_t buffer;                /* of the block client: cache, then windows */
static handle_t memory;
static uint8_t *area;
static struct cached *cache;
static uint32_t cache_count;
static uint64_t clock_hand;
static struct parked parked[PARKED_MAX];
static struct page_in page_ins[PARKED_MAX];
static bool window_used[WINDOWS];
static struct open_file files[FILES_MAX]; /* hashed by node, linear probing; handle HANDLE_NONE: free */
static enum status mount_status = ERR_BUSY;

static void run_again(void);

/* ---- Metadata blocks ----------------------------------------------------------------------------------------------------- */

static void block_came(struct block_client *c, void *argument, enum status status)
{
    struct cached *b = argument;
    (void)c;
    b->state = status == OK ? BLOCK_HERE : BLOCK_FREE;
    if (status != OK)
        log_warning("block %lu: %s", b->number, status_sentence(status));
    run_again();
}

static struct cached *cache_victim(void)
{
    struct cached *oldest = nullptr;
    for (uint32_t i = 0; i < cache_count; i++) {
        if (cache[i].state == BLOCK_FREE)
            return &cache[i];
        if (cache[i].state == BLOCK_HERE && (!oldest || cache[i].used < oldest->used))
            oldest = &cache[i];
    }
    return oldest;
}

static enum status cached_block(void *context, uint64_t number, struct view *out)
{
    (void)context;
    for (uint32_t i = 0; i < cache_count; i++) {
        struct cached *b = &cache[i];
        if (b->number != number || b->state == BLOCK_FREE)
            continue;
        b->used = ++clock_hand;
        if (b->state == BLOCK_READING)
            return ERR_WOULD_BLOCK;
        *out = (struct view){area + (size_t)i * fs.block_bytes, fs.block_bytes};
        return OK;
    }
    struct cached *b = cache_victim();
    if (!b)
        return ERR_WOULD_BLOCK; /* all are being read: one of them will come and we run again */
    *b = (struct cached){.number = number, .used = ++clock_hand, .state = BLOCK_READING};
    enum status status = block_client_ask(&disk, BLOCK_READ, number * fs.block_bytes, buffer, (uint64_t)(b - cache) * fs.block_bytes,
                                          fs.block_bytes, block_came, b);
    if (status != OK) {
        b->state = BLOCK_FREE;
        return status == ERR_BUSY ? ERR_WOULD_BLOCK : status;
    }
    return ERR_WOULD_BLOCK;
}

/* ---- Requests that are put aside ------------------------------------------------------------------------------------------ */

static enum status park(struct request *rq)
{
    for (uint32_t i = 0; i < PARKED_MAX; i++) {
        struct parked *p = &parked[i];
        if (p->used)
            continue;
        if (rq->data.length > sizeof p->data)
            return ERR_TOO_BIG;
        p->used = true;
        p->m = *rq->m;
        p->id = rq->id;
        p->token = rq->token;
        p->caller = rq->caller;
        p->credential = rq->credential;
        p->operation = rq->operation;
        p->data_length = rq->data_length;
        p->bytes = rq->data.length;
        memcpy(p->data, rq->data.data, rq->data.length);
        request_defer(rq);
        return OK;
    }
    return ERR_BUSY;
}

/* What a handler returns: WOULD_BLOCK means that it comes again. */
static enum status settle(struct request *rq, enum status status)
{
    return status == ERR_WOULD_BLOCK ? park(rq) : status;
}

/* ---- File objects --------------------------------------------------------------------------------------------------------- */

static struct open_file *file_slot(uint64_t node)
{
    for (uint32_t i = 0; i < FILES_MAX; i++) {
        struct open_file *f = &files[(node + i) % FILES_MAX];
        if (f->handle == HANDLE_NONE || f->node == node)
            return f;
    }
    return nullptr;
}

static handle_t file_known(uint64_t node)
{
    const struct open_file *f = file_slot(node);
    return f && f->node == node ? f->handle : HANDLE_NONE;
}

static enum status file_need(const struct ext4_inode *inode, handle_t *out)
{
    struct open_file *f = file_slot(inode->number);
    struct file_attributes attributes;
    if (!f)
        return ERR_LIMIT;
    if (f->handle == HANDLE_NONE) {
        ext4_attributes(inode, fs.block_bytes, &attributes);
        attributes.device = device_number;
        TRY(sys_file_create(server.endpoint, inode->number, &attributes, PLACE_HIGH, &f->handle));
        f->node = inode->number;
    }
    *out = f->handle;
    return OK;
}

/* Nobody but us holds it: its slot goes, and those that were pushed on by it move up. */
static void on_file_idle(struct server *s, uint64_t node)
{
    (void)s;
    struct open_file *f = file_slot(node);
    if (!f || f->node != node || f->handle == HANDLE_NONE)
        return;
    IGNORE(sys_handle_close(f->handle));
    uint32_t hole = (uint32_t)(f - files);
    files[hole].handle = HANDLE_NONE;
    for (uint32_t i = (hole + 1) % FILES_MAX; files[i].handle != HANDLE_NONE; i = (i + 1) % FILES_MAX) {
        uint32_t home = (uint32_t)(files[i].node % FILES_MAX);
        if ((i + FILES_MAX - home) % FILES_MAX >= (i + FILES_MAX - hole) % FILES_MAX) {
            files[hole] = files[i];
            files[i].handle = HANDLE_NONE;
            hole = i;
        }
    }
}

/* ---- Pages ----------------------------------------------------------------------------------------------------------------- */

static void page_in_run(struct page_in *p);

static void page_in_end(struct page_in *p, enum status status)
{
    handle_t file = file_known(p->node);
    if (p->chunk)
        window_used[p->window] = false;
    if (status != OK && file != HANDLE_NONE)
        IGNORE(sys_file_supply(file, p->offset, status, HANDLE_NONE, 0));
    p->used = false;
}

static void chunk_done(struct page_in *p)
{
    handle_t file = file_known(p->node);
    uint64_t bytes = align_up(p->chunk, PAGE_SIZE_BYTES);
    if (p->status != OK || file == HANDLE_NONE) {
        page_in_end(p, p->status != OK ? p->status : ERR_IO);
        return;
    }
    enum status status = sys_file_supply(file, p->offset, (int64_t)bytes, memory, CACHE_BYTES + (uint64_t)p->window * WINDOW_BYTES);
    window_used[p->window] = false;
    p->offset += p->chunk;
    p->length -= p->chunk;
    p->chunk = p->planned = 0;
    if (status != OK || !p->length)
        page_in_end(p, status);
    else
        page_in_run(p);
}

static void data_came(struct block_client *c, void *argument, enum status status)
{
    struct page_in *p = argument;
    (void)c;
    p->under_way--;
    if (status != OK)
        p->status = status;
    if (!p->under_way && (p->planned == p->chunk || p->status != OK))
        chunk_done(p);
    run_again(); /* a window or a place at the disk may be free now */
}

static bool window_take(struct page_in *p)
{
    for (uint32_t i = 0; i < WINDOWS; i++)
        if (!window_used[i]) {
            window_used[i] = true;
            p->window = i;
            p->chunk = MIN(p->length, (uint64_t)WINDOW_BYTES);
            p->planned = 0;
            p->status = OK;
            memset(area + CACHE_BYTES + (size_t)i * WINDOW_BYTES, 0, p->chunk);
            return true;
        }
    return false;
}

/* Asks for the next stretch that lies together. */
static enum status plan_next(struct page_in *p, const struct ext4_inode *inode)
{
    uint64_t at = p->offset + p->planned, within = at % fs.block_bytes, physical, run;
    TRY(ext4_map(&fs, inode, at / fs.block_bytes, &physical, &run));
    uint64_t bytes = MIN(run * fs.block_bytes - within, p->chunk - p->planned);
    if (!physical) {
        p->planned += bytes;
        return OK;
    }
    uint64_t start = physical * fs.block_bytes + within, whole = align_up(bytes, disk.disk.block_bytes);
    TRY(block_client_ask(&disk, BLOCK_READ, start, buffer, CACHE_BYTES + (uint64_t)p->window * WINDOW_BYTES + p->planned, (uint32_t)whole,
                         data_came, p));
    p->under_way++;
    p->planned += bytes;
    return OK;
}

static void page_in_run(struct page_in *p)
{
    struct ext4_inode inode;
    p->waits = false;
    enum status status = ext4_read_inode(&fs, p->node, &inode);
    if (status == OK && !p->chunk && !window_take(p))
        status = ERR_WOULD_BLOCK;
    while (status == OK && p->planned < p->chunk)
        status = plan_next(p, &inode);
    if (status == ERR_WOULD_BLOCK || status == ERR_BUSY) {
        p->waits = true;
        return;
    }
    if (status != OK)
        p->status = status;
    if (p->under_way)
        return;
    if (status != OK && !p->chunk)
        page_in_end(p, status);
    else
        chunk_done(p);
}

static void on_page_in(struct server *s, uint64_t node, uint64_t offset, uint64_t length)
{
    (void)s;
    for (uint32_t i = 0; i < PARKED_MAX; i++) {
        if (page_ins[i].used)
            continue;
        page_ins[i] = (struct page_in){.used = true, .node = node, .offset = offset, .length = length};
        page_in_run(&page_ins[i]);
        return;
    }
    handle_t file = file_known(node);
    if (file != HANDLE_NONE)
        IGNORE(sys_file_supply(file, offset, ERR_BUSY, HANDLE_NONE, 0));
}

/* ---- The fs protocol -------------------------------------------------------------------------------------------------------- */

static enum status do_root(struct request *rq, const struct fs_root_in *in, struct fs_root_out *out)
{
    (void)rq;
    TRY(mount_status);
    device_number = in->device;
    *out = (struct fs_root_out){.node = EXT4_ROOT_INODE, .flags = 1, .name = VIEW_OF_LITERAL("ext4")};
    return OK;
}

static enum status node_attributes(uint64_t node, struct file_attributes *out)
{
    struct ext4_inode inode;
    TRY(ext4_read_inode(&fs, node, &inode));
    ext4_attributes(&inode, fs.block_bytes, out);
    out->device = device_number;
    return OK;
}

static enum status do_lookup(struct request *rq, const struct fs_lookup_in *in, struct fs_lookup_out *out)
{
    struct ext4_inode directory;
    uint32_t number = 0;
    out->file = HANDLE_NONE;
    enum status status = ext4_read_inode(&fs, in->directory, &directory);
    if (status == OK)
        status = ext4_lookup(&fs, &directory, in->name, &number);
    if (status == OK)
        status = node_attributes(number, &out->attributes);
    if (status == OK && file_known(number) != HANDLE_NONE) {
        out->file = file_known(number);
        rq->keep_handle = true;
    }
    return settle(rq, status);
}

static enum status do_open_node(struct request *rq, const struct fs_open_node_in *in, struct fs_open_node_out *out)
{
    struct ext4_inode inode;
    out->file = HANDLE_NONE;
    enum status status = ext4_read_inode(&fs, in->node, &inode);
    if (status == OK)
        status = file_need(&inode, &out->file);
    rq->keep_handle = true;
    return settle(rq, status);
}

static enum status do_attributes(struct request *rq, const struct fs_attributes_in *in, struct fs_attributes_out *out)
{
    return settle(rq, node_attributes(in->node, &out->attributes));
}

static enum status do_readdir(struct request *rq, const struct fs_readdir_in *in, struct fs_readdir_out *out)
{
    static uint8_t records[65536]; /* until the answer has left: one loop */
    struct ext4_inode directory;
    size_t bytes = 0;
    enum status status = ext4_read_inode(&fs, in->directory, &directory);
    if (status == OK)
        status = ext4_read_directory(&fs, &directory, in->cookie,
                                     (struct span){records, MIN(sizeof records, request_capacity(rq))}, &bytes);
    out->records = (struct view){records, bytes};
    return settle(rq, status);
}

static enum status do_readlink(struct request *rq, const struct fs_readlink_in *in, struct fs_readlink_out *out)
{
    static uint8_t target[4096];
    struct ext4_inode inode;
    size_t bytes = 0;
    enum status status = ext4_read_inode(&fs, in->node, &inode);
    if (status == OK)
        status = ext4_read_link(&fs, &inode, SPAN_OF_ARRAY(target), &bytes);
    out->target = (struct view){target, bytes};
    return settle(rq, status);
}

static enum status do_statistics(struct request *rq, const struct fs_statistics_in *in, struct fs_statistics_out *out)
{
    static struct vfs_statistics s;
    (void)rq, (void)in;
    s = (struct vfs_statistics){.type = STATISTICS_MAGIC, .block_bytes = fs.block_bytes, .blocks = fs.block_count,
                                .blocks_free = fs.free_blocks, .blocks_available = fs.free_blocks, .files = fs.inode_count,
                                .files_free = fs.free_inodes, .name_max = EXT4_NAME_MAX, .flags = 1, .device = device_number};
    out->statistics = (struct view){(const uint8_t *)&s, sizeof s};
    return OK;
}

static enum status do_forget(struct request *rq, const struct fs_forget_in *in, struct fs_forget_out *out)
{
    (void)rq, (void)out;
    on_file_idle(&server, in->node);
    return OK;
}

static enum status do_sync(struct request *rq, const struct fs_sync_in *in, struct fs_sync_out *out)
{
    (void)rq, (void)in, (void)out;
    return OK; /* nothing is ever written */
}

#define READ_ONLY_OPERATION(name)                                                                              \
    static enum status do_##name(struct request *rq, const struct fs_##name##_in *in, struct fs_##name##_out *out) \
    {                                                                                                          \
        (void)rq, (void)in, (void)out;                                                                         \
        return ERR_READ_ONLY;                                                                                  \
    }
READ_ONLY_OPERATION(set_attributes)
READ_ONLY_OPERATION(create)
READ_ONLY_OPERATION(link)
READ_ONLY_OPERATION(unlink)
READ_ONLY_OPERATION(rename)
READ_ONLY_OPERATION(symlink)

static const struct fs_ops operations = {
    .root = do_root, .lookup = do_lookup, .open_node = do_open_node, .attributes = do_attributes, .readdir = do_readdir,
    .readlink = do_readlink, .statistics = do_statistics, .forget = do_forget, .sync = do_sync, .set_attributes = do_set_attributes,
    .create = do_create, .link = do_link, .unlink = do_unlink, .rename = do_rename, .symlink = do_symlink,
};

static bool on_protocol(struct request *rq)
{
    if (!is_open && rq->operation == FS_ROOT && mount_status == ERR_BUSY) { /* the superblock is not here yet */
        enum status status = park(rq);
        rq->result = status;
        return true;
    }
    return fs_dispatch(&operations, rq);
}

/* Nothing is ever written. */
static void on_file_commit(struct server *s, uint64_t node, uint64_t number)
{
    handle_t file = file_known(node);
    (void)s;
    if (file != HANDLE_NONE)
        IGNORE(sys_file_written(file, number, 0, OK));
}

static const struct scheme_ops scheme = {.protocol = on_protocol, .page_in = on_page_in, .file_idle = on_file_idle,
                                         .file_commit = on_file_commit};

static void answer_again(struct parked *p)
{
    struct message m = p->m;
    struct request rq = {.server = &server, .m = &m, .endpoint = server.endpoint, .operation = p->operation, .id = p->id, .token = p->token,
                         .caller = p->caller, .credential = p->credential, .data = {p->data, p->bytes}, .data_length = p->data_length};
    uint8_t data[PARKED_DATA];
    memcpy(data, p->data, p->bytes); /* its place may be taken by itself again */
    rq.data.data = data;
    p->used = false;
    fs_dispatch(&operations, &rq);
    if (!rq.deferred)
        IGNORE(sys_reply(server.endpoint, rq.id, rq.result, rq.flags, &m));
}

/* Something came: all that waited tries again. Those that still miss something are put aside again. */
static void run_again(void)
{
    static bool running, more;
    more = true;
    if (running)
        return;
    running = true;
    while (more) {
        more = false;
        bool was_waiting[PARKED_MAX];
        for (uint32_t i = 0; i < PARKED_MAX; i++)
            was_waiting[i] = parked[i].used;
        for (uint32_t i = 0; i < PARKED_MAX; i++)
            if (was_waiting[i] && parked[i].used && mount_status != ERR_BUSY)
                answer_again(&parked[i]);
        for (uint32_t i = 0; i < PARKED_MAX; i++)
            if (page_ins[i].used && page_ins[i].waits)
                page_in_run(&page_ins[i]);
    }
    running = false;
}

/* ---- Start ------------------------------------------------------------------------------------------------------------------ */

static void super_came(struct block_client *c, void *argument, enum status status)
{
    (void)c, (void)argument;
    if (status == OK)
        status = ext4_open((struct view){area + EXT4_SUPER_OFFSET, EXT4_SUPER_BYTES}, &fs);
    if (status == OK && fs.block_count > disk.disk.bytes / fs.block_bytes)
        status = ERR_CORRUPT; /* larger than the disk */
    if (status == OK) {
        cache_count = CACHE_BYTES / fs.block_bytes;
        cache = heap_allocate((size_t)cache_count * sizeof *cache);
        if (cache)
            memset(cache, 0, (size_t)cache_count * sizeof *cache);
        else
            status = ERR_NO_MEMORY;
    }
    fs.block = cached_block;
    is_open = status == OK;
    mount_status = status;
    if (status == OK)
        log_info("%lu blocks of %u bytes%s%s, read-only", fs.block_count, fs.block_bytes, fs.label[0] ? ", label " : "", fs.label);
    else
        log_warning("not mounted: %s", status_sentence(status));
    run_again();
}

static void disk_ready(struct block_client *c, enum status status)
{
    if (status == OK)
        status = block_client_ask(c, BLOCK_READ, 0, buffer, 0, 4096, super_came, nullptr);
    if (status != OK) {
        mount_status = status;
        run_again();
    }
}

static enum status start(const struct start_block *block)
{
    uint64_t bytes = CACHE_BYTES + WINDOWS * WINDOW_BYTES, address;
    for (uint32_t i = 0; i < FILES_MAX; i++)
        files[i].handle = HANDLE_NONE;
    TRY(server_init(&server, start_handle(block, "endpoint"), &scheme, nullptr));
    TRY(sys_memory_create(bytes, MEMORY_WIRED | MEMORY_CONTIGUOUS, PLACE_HIGH, &memory));
    TRY(sys_map(HANDLE_SELF_SPACE, 0, bytes, MAP_SHARED_ | PROT_READ_ | PROT_WRITE_, memory, 0, &address));
    area = (uint8_t *)(uintptr_t)address;
    TRY(block_client_init(&disk, &server, start_handle(block, "device")));
    TRY(block_client_buffer(&disk, memory, bytes, &buffer));
    return block_client_connect(&disk, disk_ready);
}

int main(const struct start_block *block)
{
    enum status status = start(block);
    if (status == OK)
        status = server_run(&server);
    log_error("ended: %s", status_sentence(status));
    return 1;
}
