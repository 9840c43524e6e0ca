/* SPDX-License-Identifier: MIT
 * execd: runs what the kernel's command line asks for (exec=), with its output on the debug-console ports, reports its exit status and
 * powers off; without exec=, keeps a login shell on the console. Serves two write-only resources, the command's output. */
#include "abi/boot.h"
#include "base/fmt.h"
#include "base/string.h"
#include "execd.h"
#include "protocol/init.h"
#include "sys/log.h"

static struct execd execd;
static uint8_t rest_of_write[16384];

/* All of what the client sent, piece by piece, so that a write is never short. */
static enum status output_write(struct request *rq, uint64_t offset, struct view data, uint32_t stream_flags, uint64_t *out_taken)
{
    (void)offset, (void)stream_flags;
    TRY(report_bytes(rq->token, data));
    uint64_t taken = data.length;
    while (taken < rq->data_length) {
        int64_t got = request_read(rq, taken, SPAN_OF_ARRAY(rest_of_write));
        if (got <= 0)
            break;
        TRY(report_bytes(rq->token, (struct view){rest_of_write, (size_t)got}));
        taken += (uint64_t)got;
    }
    *out_taken = taken;
    return OK;
}

/* It looks like a pipe, so that programs buffer their output as in a pipeline. */
static enum status output_stat(struct request *rq, struct file_attributes *out)
{
    *out = (struct file_attributes){.inode = rq->token, .type = FILE_FIFO, .mode = 0600, .links = 1, .block_bytes = 4096};
    return OK;
}

static const struct scheme_ops ops = {.write = output_write, .stat = output_stat};

static void power_off(void)
{
    struct init_power_out nothing;
    enum status status = init_power(start_handle(execd.block, "init"), &(struct init_power_in){.how = INIT_POWER_OFF}, &nothing);
    if (status != OK)
        log_error("cannot power off: %s", status_sentence(status));
}

static void finish(uint32_t code)
{
    report_line("exit %u\n", code);
    power_off();
}

/* 127 as a shell says it: the program was not found; 126: it cannot be run. */
static void start_failed(enum status status)
{
    struct view name = execd.command.is_given ? command_word(&execd.command, 0) : VIEW_OF_LITERAL("the console's shell");
    char text[256];
    size_t length = fmt(text, sizeof text, "mh: %.*s: %s\n", (int)MIN(name.length, 128u), (const char *)name.data, status_sentence(status));
    log_error("cannot start %.*s: %s", (int)name.length, (const char *)name.data, status_sentence(status));
    IGNORE(report_bytes(TOKEN_ERROR, (struct view){(const uint8_t *)text, MIN(length, sizeof text - 1)}));
    finish(status == ERR_NOT_FOUND ? 127 : 126);
}

static void process_ended(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    (void)self, (void)count, (void)value;
    struct process_info info = {};
    IGNORE(sys_process_info(execd.process, &info));
    IGNORE(sys_unbind(s->endpoint, execd.process));
    IGNORE(sys_handle_close(execd.process));
    execd.process = HANDLE_NONE;
    if (!execd.stays) {
        finish(command_exit_code(info.exit_status));
        return;
    }
    log_info("the console's shell ended with %u", command_exit_code(info.exit_status));
    enum status status = first_start(&execd);
    if (status != OK)
        start_failed(status);
}

static enum status read_command_line(void)
{
    uint64_t address;
    TRY(sys_map(HANDLE_SELF_SPACE, 0, align_up(sizeof(struct boot_info), PAGE_SIZE_BYTES), MAP_SHARED_ | PROT_READ_,
                start_handle(execd.block, "boot"), 0, &address));
    const struct boot_info *boot = (const struct boot_info *)(uintptr_t)address;
    struct view line = {(const uint8_t *)boot->command, string_length(boot->command, sizeof boot->command)};
    enum status status = command_parse(line, &execd.command);
    IGNORE(sys_unmap(HANDLE_SELF_SPACE, address, align_up(sizeof(struct boot_info), PAGE_SIZE_BYTES)));
    return status;
}

static enum status prepare(const struct start_block *block)
{
    execd.block = block;
    execd.process = execd.view = execd.programs = HANDLE_NONE;
    execd.ended.happened = process_ended;
    handle_t endpoint;
    TRY(report_init(&execd));
    TRY(sys_endpoint_create(0, PLACE_HIGH, &endpoint));
    TRY(server_init(&execd.server, endpoint, &ops, &execd));
    TRY(read_command_line());
    execd.stays = !execd.command.is_given && !execd.command.stdin_console;
    return OK;
}

int main(const struct start_block *block)
{
    enum status status = prepare(block);
    if (status != OK)
        PANIC("cannot prepare: %s", status_sentence(status));
    status = first_start(&execd);
    if (status == OK)
        report_line("ready\n");
    else
        start_failed(status);
    status = server_run(&execd.server);
    PANIC("the loop ended: %s", status_sentence(status));
}
