/* SPDX-License-Identifier: MIT
 * procd: processes as POSIX sees them. It needs the handles "endpoint", "identity" (to set credential tokens), "realtime" and "table" (the
 * process table, writable); "init" for power, "vfs" for the mount table, "boot" for the command line. Two roots: token 0 speaks the proc protocol; opening
 * "fs" below it gives the root of the process filesystem, which vfsd mounts at /proc; "table" gives the table, read-only. */
#include "procd.h"
#include "base/fmt.h"
#include "base/string.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/start.h"

static enum status open_below(struct request *rq, struct view path, uint32_t open_flags, uint32_t mode, handle_t *out_handle,
                              uint32_t *out_kind)
{
    (void)open_flags, (void)mode;
    if (rq->token != TOKEN_PROCESSES)
        return ERR_NOT_DIRECTORY;
    *out_kind = FILE_CHARACTER;
    if (path.length == 0)
        return server_resource(rq->server, TOKEN_PROCESSES, RIGHT_ALL & ~RIGHT_MANAGE, 0, 0, out_handle);
    if (view_equal(path, VIEW_OF_LITERAL("fs"))) /* it shows everybody what /proc shows, and changes nothing without uid 0 */
        return server_resource(rq->server, TOKEN_FILESYSTEM, RIGHT_ALL & ~RIGHT_MANAGE, 0, 0, out_handle);
    if (view_equal(path, VIEW_OF_LITERAL("table")))
        return sys_handle_dup(procd.table, PLACE_HIGH, RIGHT_READ | RIGHT_GRANT, 0, 0, out_handle);
    return ERR_NOT_FOUND;
}

static const struct scheme_ops scheme = {
    .open = open_below, .read = file_read, .write = file_write, .seek = file_seek, .stat = file_stat, .protocol = procd_protocol,
    .closed = file_closed, .cancel = procd_cancel,
};

static void on_timer(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    (void)s, (void)self, (void)count, (void)value;
    const struct signal_details details = {.signal = SIGNAL_ALRM, .code = CODE_KERNEL};
    for (uint32_t slot; (slot = alarm_due(&procd.alarms, clock_monotonic_ns())) != 0;)
        IGNORE(signal_send(&procd.model, slot, &details));
    alarm_arm();
}

static void make_boot_id(void)
{
    uint8_t b[16];
    IGNORE(sys_random(SPAN_OF_ARRAY(b)));
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    fmt(procd.boot_id, sizeof procd.boot_id, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
        b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* For /proc/cmdline, which is empty without it. */
static void map_boot(handle_t boot)
{
    uint64_t address;
    if (boot != HANDLE_NONE && sys_map(HANDLE_SELF_SPACE, 0, align_up(sizeof *procd.boot, PAGE_SIZE_BYTES), PROT_READ_ | MAP_SHARED_,
                                       boot, 0, &address) == OK)
        procd.boot = (const struct boot_info *)address;
}

/* init is pid 1 from the start, whoever is adopted first; when init adopts itself, its process is tied to this entry. */
static enum status add_init(void)
{
    uint32_t slot;
    return process_adopt(&procd.model, 0, 0, true, "init", 4, &slot);
}

static enum status start(const struct start_block *block)
{
    uint64_t table;
    procd.identity = start_handle(block, "identity");
    procd.realtime = start_handle(block, "realtime");
    procd.table = start_handle(block, "table");
    procd.init = start_handle(block, "init");
    procd.vfs = start_handle(block, "vfs");
    make_boot_id();
    map_boot(start_handle(block, "boot"));
    TRY(sys_map(HANDLE_SELF_SPACE, 0, align_up(sizeof(struct process_entry) * PROCESS_TABLE_SLOTS, PAGE_SIZE_BYTES),
                PROT_READ_ | PROT_WRITE_ | MAP_SHARED_, procd.table, 0, &table));
    model_init(&procd.model, (struct process_entry *)table, &procd_effects, nullptr);
    TRY(set_system_name(false, VIEW_OF_LITERAL("macrohard")));
    TRY(set_system_name(true, VIEW_OF_LITERAL("(none)")));
    TRY(add_init());
    TRY(server_init(&procd.server, start_handle(block, "endpoint"), &scheme, nullptr));
    TRY(sys_timer_create(PLACE_HIGH, &procd.timer));
    procd.timer_fired.happened = on_timer;
    TRY(server_bind(&procd.server, procd.timer, &procd.timer_fired));
    return limits_start();
}

int main(const struct start_block *block)
{
    enum status status = start(block);
    if (status == OK)
        status = server_run(&procd.server);
    log_error("ended: %s", status_sentence(status));
    return 1;
}
