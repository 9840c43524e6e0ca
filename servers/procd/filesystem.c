/* SPDX-License-Identifier: MIT
 * /proc as a filesystem: a fixed tree of files and, for each process, a directory of them. A node number says all:
 * pid << 8 | index into `items`. An open file is a resource with a position; its text is made at each read. The link `self`
 * depends on who asks, so vfsd answers it (the filesystem's name, "proc", tells it to). */
#include "procd.h"
#include "base/string.h"
#include "heap/heap.h"
#include "protocol/fs_server.h"
#include "protocol/vfs.h"
#include "sys/clock.h"
#include "text.h"

#define TEXT_BYTES_MAX 65536u
#define MOUNTS_BYTES 4096u

enum item_index : uint8_t {
    NONE, ROOT, SELF, MOUNTS, MEMINFO, CPUINFO, UPTIME, LOADAVG, VERSION, STAT, FILESYSTEMS, SWAPS, DEVICES, COMMAND_LINE,
    SYS, SYS_KERNEL, HOSTNAME, DOMAIN, OSRELEASE, OSTYPE, SYSTEM_VERSION, PID_MAX, RANDOM, BOOT_ID, UUID, SYS_VM, OVERCOMMIT, MAX_MAP_COUNT,
    PROCESS, P_STAT, P_STATUS, P_CMDLINE, P_COMM, P_STATM, P_LIMITS, P_MAPS, P_WCHAN, P_MOUNTS, P_NET, ITEM_COUNT,
};

struct item {
    enum item_index parent;
    uint32_t type, mode;
    const char *name;
    text_maker *make;
};
static const struct item items[ITEM_COUNT] = {
    [ROOT] = {NONE, FILE_DIRECTORY, 0555, "", nullptr},
    [SELF] = {ROOT, FILE_SYMLINK, 0777, "self", nullptr},
    [MOUNTS] = {ROOT, FILE_SYMLINK, 0777, "mounts", nullptr},
    [MEMINFO] = {ROOT, FILE_REGULAR, 0444, "meminfo", text_meminfo},
    [CPUINFO] = {ROOT, FILE_REGULAR, 0444, "cpuinfo", text_cpuinfo},
    [UPTIME] = {ROOT, FILE_REGULAR, 0444, "uptime", text_uptime},
    [LOADAVG] = {ROOT, FILE_REGULAR, 0444, "loadavg", text_loadavg},
    [VERSION] = {ROOT, FILE_REGULAR, 0444, "version", text_version},
    [STAT] = {ROOT, FILE_REGULAR, 0444, "stat", text_stat},
    [FILESYSTEMS] = {ROOT, FILE_REGULAR, 0444, "filesystems", text_filesystems},
    [SWAPS] = {ROOT, FILE_REGULAR, 0444, "swaps", text_swaps},
    [DEVICES] = {ROOT, FILE_REGULAR, 0444, "devices", text_devices},
    [COMMAND_LINE] = {ROOT, FILE_REGULAR, 0400, "cmdline", text_command_line}, /* a seed on it may be all the entropy there is */
    [SYS] = {ROOT, FILE_DIRECTORY, 0555, "sys", nullptr},
    [SYS_KERNEL] = {SYS, FILE_DIRECTORY, 0555, "kernel", nullptr},
    [HOSTNAME] = {SYS_KERNEL, FILE_REGULAR, 0644, "hostname", text_hostname},
    [DOMAIN] = {SYS_KERNEL, FILE_REGULAR, 0644, "domainname", text_domain},
    [OSRELEASE] = {SYS_KERNEL, FILE_REGULAR, 0444, "osrelease", text_osrelease},
    [OSTYPE] = {SYS_KERNEL, FILE_REGULAR, 0444, "ostype", text_ostype},
    [SYSTEM_VERSION] = {SYS_KERNEL, FILE_REGULAR, 0444, "version", text_system_version},
    [PID_MAX] = {SYS_KERNEL, FILE_REGULAR, 0444, "pid_max", text_pid_max},
    [RANDOM] = {SYS_KERNEL, FILE_DIRECTORY, 0555, "random", nullptr},
    [BOOT_ID] = {RANDOM, FILE_REGULAR, 0444, "boot_id", text_boot_id},
    [UUID] = {RANDOM, FILE_REGULAR, 0444, "uuid", text_uuid},
    [SYS_VM] = {SYS, FILE_DIRECTORY, 0555, "vm", nullptr},
    [OVERCOMMIT] = {SYS_VM, FILE_REGULAR, 0444, "overcommit_memory", text_overcommit},
    [MAX_MAP_COUNT] = {SYS_VM, FILE_REGULAR, 0444, "max_map_count", text_max_map_count},
    [PROCESS] = {ROOT, FILE_DIRECTORY, 0555, "", nullptr}, /* its name is the pid */
    [P_STAT] = {PROCESS, FILE_REGULAR, 0444, "stat", text_process_stat},
    [P_STATUS] = {PROCESS, FILE_REGULAR, 0444, "status", text_process_status},
    [P_CMDLINE] = {PROCESS, FILE_REGULAR, 0444, "cmdline", text_process_cmdline},
    [P_COMM] = {PROCESS, FILE_REGULAR, 0444, "comm", text_process_comm},
    [P_STATM] = {PROCESS, FILE_REGULAR, 0444, "statm", text_process_statm},
    [P_LIMITS] = {PROCESS, FILE_REGULAR, 0444, "limits", text_process_limits},
    [P_MAPS] = {PROCESS, FILE_REGULAR, 0444, "maps", text_process_maps},
    [P_WCHAN] = {PROCESS, FILE_REGULAR, 0444, "wchan", text_process_wchan},
    [P_MOUNTS] = {PROCESS, FILE_REGULAR, 0444, "mounts", nullptr},
    [P_NET] = {PROCESS, FILE_DIRECTORY, 0555, "net", nullptr},
};

struct open_file { uint64_t node, offset; };

static uint64_t filesystem_device; /* given by vfsd at mount */
static char scratch[TEXT_BYTES_MAX];

static uint64_t node_of(int32_t pid, enum item_index index) { return (uint64_t)(uint32_t)pid << 8 | index; }

/* What a node number names: its item and, for those of a process, the living slot. */
static enum status find_node(uint64_t node, enum item_index *out_index, uint32_t *out_slot)
{
    enum item_index index = (enum item_index)(node & 0xff);
    uint32_t slot = 0;
    if (index == NONE || index >= ITEM_COUNT || node >> 8 > INT32_MAX)
        return ERR_NOT_FOUND;
    bool of_process = index >= PROCESS;
    if (of_process != (node >> 8 != 0))
        return ERR_NOT_FOUND;
    if (of_process && !(slot = process_by_pid(&procd.model, (int32_t)(node >> 8))))
        return ERR_NOT_FOUND;
    *out_index = index;
    *out_slot = slot;
    return OK;
}

static enum status attributes_of(uint64_t node, struct file_attributes *out)
{
    enum item_index index;
    uint32_t slot;
    TRY(find_node(node, &index, &slot));
    const struct item *item = &items[index];
    int64_t now = (int64_t)clock_realtime_ns();
    *out = (struct file_attributes){
        .inode = node, .device = filesystem_device, .generation = 1,
        .access_ns = now, .modify_ns = now, .change_ns = now, .birth_ns = now,
        .type = item->type, .mode = item->mode, .links = item->type == FILE_DIRECTORY ? 2 : 1, .block_bytes = 4096,
        .uid = slot ? entry_of(slot)->euid : 0, .gid = slot ? entry_of(slot)->egid : 0,
    };
    return OK;
}

/* -- names -- */

static enum status op_root(struct request *rq, const struct fs_root_in *in, struct fs_root_out *out)
{
    (void)rq;
    filesystem_device = in->device;
    out->node = node_of(0, ROOT);
    out->flags = 2;
    out->name = VIEW_OF_LITERAL("proc");
    return OK;
}

static bool parse_pid(struct view name, int32_t *out)
{
    uint64_t number = 0;
    if (name.length == 0 || name.length > 7 || name.data[0] == '0')
        return false;
    for (size_t i = 0; i < name.length; i++) {
        if (name.data[i] < '0' || name.data[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(name.data[i] - '0');
    }
    *out = (int32_t)number;
    return true;
}

static enum status find_name(uint64_t directory, struct view name, uint64_t *out_node)
{
    enum item_index parent;
    uint32_t slot;
    int32_t pid;
    TRY(find_node(directory, &parent, &slot));
    if (items[parent].type != FILE_DIRECTORY)
        return ERR_NOT_DIRECTORY;
    if (parent == ROOT && parse_pid(name, &pid)) {
        *out_node = node_of(pid, PROCESS);
        return process_by_pid(&procd.model, pid) ? OK : ERR_NOT_FOUND;
    }
    for (enum item_index i = ROOT; i < ITEM_COUNT; i++) {
        if (items[i].parent == parent && items[i].name[0] && view_equal(name, view_of_string(items[i].name))) {
            *out_node = directory & ~0xffull;
            *out_node |= i;
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}

static enum status op_lookup(struct request *rq, const struct fs_lookup_in *in, struct fs_lookup_out *out)
{
    (void)rq;
    uint64_t node;
    out->file = HANDLE_NONE;
    TRY(find_name(in->directory, in->name, &node));
    return attributes_of(node, &out->attributes);
}

static enum status op_attributes(struct request *rq, const struct fs_attributes_in *in, struct fs_attributes_out *out)
{
    (void)rq;
    return attributes_of(in->node, &out->attributes);
}

static enum status op_readlink(struct request *rq, const struct fs_readlink_in *in, struct fs_readlink_out *out)
{
    enum item_index index;
    uint32_t slot;
    static char pid_text[16];
    TRY(find_node(in->node, &index, &slot));
    if (items[index].type != FILE_SYMLINK)
        return ERR_INVALID;
    if (index == MOUNTS) {
        out->target = VIEW_OF_LITERAL("self/mounts");
        return OK;
    }
    uint32_t caller = caller_slot(rq);
    if (!caller)
        return ERR_NOT_FOUND;
    size_t length = fmt(pid_text, sizeof pid_text, "%d", entry_of(caller)->pid);
    out->target = (struct view){(const uint8_t *)pid_text, length};
    return OK;
}

/* Appends a record; false when there is no room. */
static bool add_record(struct text *t, uint64_t node, uint64_t cookie, uint32_t type, const char *name)
{
    size_t name_bytes = string_length(name, 255), bytes = align_up(sizeof(struct directory_record) + name_bytes, 8);
    if (bytes > t->size - t->used)
        return false;
    const struct directory_record record = {
        .inode = node, .cookie = cookie, .type = type, .record_bytes = (uint16_t)bytes, .name_bytes = (uint16_t)name_bytes};
    memset(t->data + t->used, 0, bytes);
    memcpy(t->data + t->used, &record, sizeof record);
    memcpy(t->data + t->used + sizeof record, name, name_bytes);
    t->used += bytes;
    return true;
}

/* Cookies: index + 1 for items; ITEM_COUNT + slot + 1 for processes. A slot keeps its place, so that those who come and go
 * between two calls disturb nobody else's. */
static enum status op_readdir(struct request *rq, const struct fs_readdir_in *in, struct fs_readdir_out *out)
{
    enum item_index directory;
    uint32_t slot;
    TRY(find_node(in->directory, &directory, &slot));
    if (items[directory].type != FILE_DIRECTORY)
        return ERR_NOT_DIRECTORY;
    struct text t = {scratch, MIN(sizeof scratch, request_capacity(rq)), 0};
    bool room = true;
    uint64_t next = in->cookie;
    for (; room && next < ITEM_COUNT; next++) {
        const struct item *item = &items[next];
        if (next != NONE && item->parent == directory && item->name[0])
            room = add_record(&t, (in->directory & ~0xffull) | next, next + 1, item->type, item->name);
    }
    for (; room && directory == ROOT && next - ITEM_COUNT < procd.model.limit; next++) {
        const struct process_entry *e = entry_of((uint32_t)(next - ITEM_COUNT));
        char name[16];
        if (!e->pid)
            continue;
        fmt(name, sizeof name, "%d", e->pid);
        room = add_record(&t, node_of(e->pid, PROCESS), next + 1, FILE_DIRECTORY, name);
    }
    if (!room && t.used == 0)
        return ERR_TOO_BIG;
    out->records = (struct view){(const uint8_t *)t.data, t.used};
    return OK;
}

static enum status op_statistics(struct request *rq, const struct fs_statistics_in *in, struct fs_statistics_out *out)
{
    (void)rq, (void)in;
    static const struct vfs_statistics statistics = {.type = 0x9fa0, .block_bytes = 4096, .name_max = 255};
    out->statistics = VIEW_OF_STRUCT(&statistics);
    return OK;
}

static enum status op_open_node(struct request *rq, const struct fs_open_node_in *in, struct fs_open_node_out *out)
{
    enum item_index index;
    uint32_t slot;
    TRY(find_node(in->node, &index, &slot));
    if (items[index].type != FILE_REGULAR)
        return items[index].type == FILE_DIRECTORY ? ERR_IS_DIRECTORY : ERR_INVALID;
    struct open_file *file;
    TRY(HEAP_NEW(&file));
    file->node = in->node;
    uint32_t rights = RIGHT_READ | RIGHT_GRANT | (items[index].mode & 0222 ? RIGHT_WRITE : 0);
    uint32_t flags = STREAM_READ | (items[index].mode & 0222 ? STREAM_WRITE : 0);
    enum status s = server_open(rq->server, file, rights, RESOURCE_ALWAYS_READY, flags, &out->file);
    if (s != OK)
        heap_free(file);
    return s;
}

static enum status op_forget(struct request *rq, const struct fs_forget_in *in, struct fs_forget_out *out)
{
    (void)rq, (void)in, (void)out; /* nodes are made from numbers: nothing is kept for them */
    return OK;
}

static enum status op_sync(struct request *rq, const struct fs_sync_in *in, struct fs_sync_out *out)
{
    (void)rq, (void)in, (void)out; /* nothing is stored */
    return OK;
}

/* What is shown here cannot be changed; a filesystem without this operation would say that it does not know how. */
static enum status op_set_attributes(struct request *, const struct fs_set_attributes_in *, struct fs_set_attributes_out *)
{
    return ERR_NOT_PERMITTED;
}

static const struct fs_ops operations = {
    .root = op_root, .lookup = op_lookup, .open_node = op_open_node, .attributes = op_attributes, .readdir = op_readdir,
    .readlink = op_readlink, .set_attributes = op_set_attributes, .statistics = op_statistics, .forget = op_forget, .sync = op_sync,
};

bool filesystem_protocol(struct request *rq) { return fs_dispatch(&operations, rq); }

/* -- open files -- */

/* The mount table is vfsd's. One question at a time; readers that come meanwhile ask again later. */
static struct {
    struct completion done;
    uint64_t request, capacity;
    struct open_file *file;      /* nullptr: the offset was explicit, or it was closed meanwhile */
    uint8_t bytes[MOUNTS_BYTES];
} mounts;

static void mounts_done(struct server *s, struct completion *self, const struct message *reply)
{
    (void)self;
    struct vfs_mounts_out out = {0};
    uint64_t request = take_request(&mounts.request);
    if (reply->result < 0) {
        IGNORE(server_answer(s, request, reply->result));
        return;
    }
    vfs_mounts_completion(reply, &out);
    uint64_t length = MIN(out.text.length, mounts.capacity);
    if (mounts.file)
        mounts.file->offset += length;
    IGNORE(server_answer_data(s, request, (struct view){mounts.bytes, length}));
}

static enum status read_mounts(struct request *rq, struct open_file *file, uint64_t offset, uint64_t capacity)
{
    if (procd.vfs == HANDLE_NONE)
        return ERR_NOT_SUPPORTED;
    if (mounts.request)
        return ERR_BUSY;
    mounts.done.done = mounts_done;
    mounts.capacity = capacity;
    mounts.file = offset == OFFSET_STREAM ? file : nullptr;
    const struct vfs_mounts_in in = {.offset = offset == OFFSET_STREAM ? file->offset : offset,
                                     .text_space = SPAN_OF_ARRAY(mounts.bytes)};
    TRY(vfs_mounts_submit(procd.vfs, &in, procd.server.endpoint, server_completion_tag(&mounts.done)));
    mounts.request = request_defer(rq);
    return OK;
}

enum status file_read(struct request *rq, uint64_t offset, uint64_t capacity, uint32_t stream_flags, struct view *out_data)
{
    (void)stream_flags;
    struct open_file *file = rq->object;
    enum item_index index;
    uint32_t slot;
    if (!file)
        return ERR_IS_DIRECTORY;
    if (find_node(file->node, &index, &slot) != OK)
        return ERR_NO_PROCESS;
    if (index == P_MOUNTS)
        return read_mounts(rq, file, offset, capacity);
    struct text t = {scratch, sizeof scratch, 0};
    items[index].make(&t, slot);
    uint64_t from = offset == OFFSET_STREAM ? file->offset : offset;
    if (from >= t.used)
        from = t.used;
    size_t length = MIN(capacity, t.used - from);
    *out_data = (struct view){(const uint8_t *)t.data + from, length};
    if (offset == OFFSET_STREAM)
        file->offset += length;
    return OK;
}

enum status file_write(struct request *rq, uint64_t offset, struct view data, uint32_t stream_flags, uint64_t *out_taken)
{
    (void)offset, (void)stream_flags;
    const struct open_file *file = rq->object;
    uint32_t caller = caller_slot(rq);
    if (!file || ((file->node & 0xff) != HOSTNAME && (file->node & 0xff) != DOMAIN))
        return ERR_NOT_SUPPORTED;
    if (rq->credential && (!caller || entry_of(caller)->euid != 0))
        return ERR_NOT_PERMITTED;
    TRY(set_system_name((file->node & 0xff) == DOMAIN, (struct view){data.data, view_find(data, '\n')}));
    *out_taken = data.length;
    return OK;
}

enum status file_seek(struct request *rq, int64_t offset, uint32_t whence, uint64_t *out_offset)
{
    struct open_file *file = rq->object;
    if (!file)
        return ERR_NOT_SEEKABLE;
    if (whence != SEEK_SET_ && whence != SEEK_CUR_)
        return ERR_INVALID;
    int64_t base = whence == SEEK_CUR_ ? (int64_t)file->offset : 0, target;
    if (__builtin_add_overflow(base, offset, &target) || target < 0)
        return ERR_INVALID;
    *out_offset = file->offset = (uint64_t)target;
    return OK;
}

enum status file_stat(struct request *rq, struct file_attributes *out)
{
    const struct open_file *file = rq->object;
    return file ? attributes_of(file->node, out) : attributes_of(node_of(0, ROOT), out);
}

void file_closed(struct server *s, uint64_t token, void *object)
{
    (void)s, (void)token;
    if (object && mounts.file == object)
        mounts.file = nullptr;
    heap_free(object);
}
