/* SPDX-License-Identifier: MIT
 * ttyd: terminals. Handles: "endpoint", "table" (the process table), "proc" (signals to groups), "vfs" (where the devices are
 * registered), "ports" and "interrupt" of the first serial port. Each device is a resource of its own token; opening it, or a
 * name below the root (token 0), opens the terminal. */
#include "ttyd.h"
#include "heap/heap.h"
#include "protocol/vfs.h"
#include "sys/log.h"
#include "sys/start.h"

struct ttyd ttyd;

/* -- opening -- */

static enum device device_by_name(struct view name)
{
    static const struct { const char *name; enum device device; } names[] = {
        {"console", DEVICE_CONSOLE}, {"ttyS0", DEVICE_SERIAL}, {"tty", DEVICE_TTY}, {"ptmx", DEVICE_MASTER}};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (view_equal(name, view_of_string(names[i].name)))
            return names[i].device;
    return DEVICE_ROOT;
}

static enum status find_terminal(enum device device, const struct caller *c, struct terminal **out)
{
    if (device >= DEVICE_SLAVE_FIRST)
        return pseudo_find((uint32_t)(device - DEVICE_SLAVE_FIRST), out);
    if (device == DEVICE_TTY) {
        *out = job_terminal_of(c);
        return *out ? OK : ERR_NO_DEVICE;
    }
    *out = &ttyd.console;
    return OK;
}

/* A session leader without a terminal gets the first that it opens, unless it says no. The console's other name never does that. */
static bool becomes_controlling(const struct caller *c, const struct terminal *t, enum device device, uint32_t open_flags)
{
    return c->pid && c->pid == c->sid && c->terminal < 0 && !(t->session && job_session_lives(t->session)) && !(open_flags & OPEN_NO_TERMINAL) &&
           (device == DEVICE_SERIAL || device >= DEVICE_SLAVE_FIRST);
}

static enum status open_terminal(struct request *rq, struct view path, uint32_t open_flags, uint32_t mode, handle_t *out_handle,
                                 uint32_t *out_kind)
{
    (void)mode;
    struct caller c = caller_of(rq);
    enum device device = rq->token == DEVICE_ROOT ? device_by_name(path) : (enum device)rq->token;
    struct terminal *t;
    if (opened_of(rq))
        return ERR_NOT_DIRECTORY;
    if (device == DEVICE_ROOT || device >= DEVICE_SLAVE_FIRST + PSEUDO_MAX)
        return ERR_NOT_FOUND;
    *out_kind = FILE_CHARACTER;
    if (device == DEVICE_MASTER)
        return pseudo_open_master(out_handle, open_flags);
    TRY(find_terminal(device, &c, &t));
    TRY(terminal_open(t, false, device == DEVICE_CONSOLE, open_flags, out_handle));
    if (becomes_controlling(&c, t, device, open_flags) && job_attach(t, &c, rq->id, *out_handle) == OK)
        request_defer(rq); /* the handle goes with the answer, once procd knows */
    return OK;
}

static enum status stat_terminal(struct request *rq, struct file_attributes *out)
{
    const struct opened *o = opened_of(rq);
    if (!o)
        return ERR_NOT_SUPPORTED;
    int32_t number = o->is_master ? NUMBER_MASTER : o->is_console ? NUMBER_CONSOLE : o->terminal->number;
    *out = (struct file_attributes){.inode = (uint64_t)number, .type = FILE_CHARACTER, .mode = 0620, .links = 1, .block_bytes = 1024,
                                    .special = (uint64_t)number};
    return OK;
}

static void close_terminal(struct server *s, uint64_t token, void *object)
{
    (void)s;
    struct opened *o = opened_by_token(token, object);
    if (!o)
        return;
    struct terminal *t = o->terminal;
    bool is_master = o->is_master;
    terminal_closed(o);
    if (t->is_pseudo)
        pseudo_closed(t, is_master);
}

static const struct scheme_ops scheme = {
    .open = open_terminal, .read = terminal_read, .write = terminal_write, .stat = stat_terminal, .protocol = ttyd_protocol,
    .closed = close_terminal, .cancel = terminal_cancel,
};

/* -- devices -- */

struct registration { struct completion done; const char *name; enum device device; uint64_t special; uint32_t mode; };

static void registered(struct server *s, struct completion *self, const struct message *reply)
{
    (void)s;
    const struct registration *r = container_of(self, struct registration, done);
    if (reply->result < 0 && reply->result != ERR_EXISTS)
        log_warning("/dev/%s: %s", r->name, status_sentence(reply->result));
}

static struct registration registrations[] = {
    {{.done = registered}, "console", DEVICE_CONSOLE, NUMBER_CONSOLE, 0600},
    {{.done = registered}, "ttyS0", DEVICE_SERIAL, NUMBER_SERIAL, 0620},
    {{.done = registered}, "tty", DEVICE_TTY, NUMBER_TTY, 0666},
    {{.done = registered}, "ptmx", DEVICE_MASTER, NUMBER_MASTER, 0666},
};

static enum status register_device(struct registration *r)
{
    handle_t target;
    TRY(server_resource(&ttyd.server, r->device, RIGHT_ALL & ~RIGHT_MANAGE, RESOURCE_RESTARTABLE, STREAM_READ | STREAM_WRITE, &target));
    const struct vfs_device_in in = {.name = view_of_string(r->name), .target = target, .type = FILE_CHARACTER, .mode = r->mode,
                                     .special = r->special};
    enum status s = vfs_device_submit(ttyd.vfs, &in, ttyd.server.endpoint, server_completion_tag(&r->done));
    IGNORE(sys_handle_close(target));
    return s;
}

static void register_devices(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(registrations) && ttyd.vfs != HANDLE_NONE; i++) {
        enum status s = register_device(&registrations[i]);
        if (s != OK)
            log_error("/dev/%s: %s", registrations[i].name, status_sentence(s));
    }
}

static enum status start(const struct start_block *block)
{
    uint64_t table;
    ttyd.proc = start_handle(block, "proc");
    ttyd.vfs = start_handle(block, "vfs");
    TRY(sys_map(HANDLE_SELF_SPACE, 0, align_up(sizeof(struct process_entry) * PROCESS_TABLE_SLOTS, PAGE_SIZE_BYTES),
                PROT_READ_ | MAP_SHARED_, start_handle(block, "table"), 0, &table));
    ttyd.table = (const volatile struct process_entry *)table;
    TRY(server_init(&ttyd.server, start_handle(block, "endpoint"), &scheme, nullptr));
    TRY(sys_timer_create(PLACE_HIGH, &ttyd.timer));
    ttyd.timer_fired.happened = on_read_timer;
    TRY(server_bind(&ttyd.server, ttyd.timer, &ttyd.timer_fired));
    enum status s = serial_init(start_handle(block, "ports"), start_handle(block, "interrupt"));
    if (s != OK) /* pseudo-terminals work without it */
        log_error("no console: %s", status_sentence(s));
    console_adopt();
    register_devices();
    return OK;
}

int main(const struct start_block *block)
{
    enum status status = start(block);
    if (status == OK)
        status = server_run(&ttyd.server);
    log_error("ended: %s", status_sentence(status));
    return 1;
}
