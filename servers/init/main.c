/* SPDX-License-Identifier: MIT
 * init: the first process. Reads the unit files of the initfs, makes every service's endpoint, starts the services, supervises them.
 * It holds all capabilities and hands out those that the units name. Endpoints and the process table are its own, so that they
 * outlive the servers behind them. */
#include "abi/boot.h"
#include "abi/credential.h"
#include "base/fmt.h"
#include "base/string.h"
#include "service.h"
#include "sys/log.h"
#include "sys/start.h"

#define UNITS_FOLDER "etc/units/"
#define UNIT_SUFFIX ".unit"
#define PASSWORD_PATH "run/volume.password"

static struct init init;

static bool protocol(struct request *rq)
{
    return init_dispatch(&init_operations, rq);
}

static const struct scheme_ops ops = {.protocol = protocol};

static enum status map_object(handle_t object, uint64_t bytes, const uint8_t **out)
{
    uint64_t address;
    TRY(sys_map(HANDLE_SELF_SPACE, 0, bytes, MAP_SHARED_ | PROT_READ_, object, 0, &address));
    *out = (const uint8_t *)(uintptr_t)address;
    return OK;
}

/* The archive's size stands in the boot information; without that, in the object's attributes. */
static enum status open_archive(const struct start_block *block, const struct boot_info *boot)
{
    init.archive_object = start_handle(block, "initfs");
    const uint8_t *bytes;
    TRY(map_object(init.archive_object, align_up(boot->initfs_bytes, PAGE_SIZE_BYTES), &bytes));
    return initfs_open((struct view){bytes, boot->initfs_bytes}, &init.archive);
}

/* `etc/units/NAME.unit` gives NAME. */
static bool is_unit_path(struct view path, struct view *out_name)
{
    const size_t before = sizeof UNITS_FOLDER - 1, after = sizeof UNIT_SUFFIX - 1;
    if (!view_starts_with(path, VIEW_OF_LITERAL(UNITS_FOLDER)) || path.length <= before + after)
        return false;
    struct view suffix = {path.data + path.length - after, after};
    *out_name = (struct view){path.data + before, path.length - before - after};
    return view_equal(suffix, VIEW_OF_LITERAL(UNIT_SUFFIX));
}

static void add_unit(struct view name, struct view text)
{
    if (init.service_count == SERVICES_MAX) {
        log_error("more than %u units; %.*s is left out", SERVICES_MAX, (int)name.length, (const char *)name.data);
        return;
    }
    struct service *service = &init.services[init.service_count];
    uint32_t line;
    enum status status = unit_parse(name, text, &service->unit, &line);
    if (status == OK)
        status = service_prepare(&init, service);
    if (status == OK)
        init.service_count++;
    else
        log_error("unit %.*s, line %u: %s", (int)name.length, (const char *)name.data, line, status_sentence(status));
}

static void read_units(void)
{
    for (uint32_t i = 0; i < init.archive.count; i++) {
        struct initfs_entry entry;
        struct view name;
        if (initfs_entry_at(&init.archive, i, &entry) != OK)
            continue;
        if (entry.type == FILE_REGULAR && is_unit_path(entry.path, &name))
            add_unit(name, entry.data);
    }
    for (uint32_t i = 0; i < init.service_count; i++)
        if (service_connect(&init.services[i]) != OK)
            log_error("%s: no namespace", init.services[i].unit.name.text);
}

/* unit=NAME[,ARGUMENT...] on the command line: a unit that does not start by itself, and arguments after its own. */
static void want_unit(struct view text)
{
    struct view name, arguments;
    view_split(text, ',', &name, &arguments);
    struct service *service = service_find(&init, name);
    if (!service) {
        log_warning("no unit %.*s", (int)name.length, (const char *)name.data);
        return;
    }
    service->is_wanted = true;
    for (struct view argument; arguments.length > 0;) {
        view_split(arguments, ',', &argument, &arguments);
        if (unit_add_argument(&service->unit, argument) != OK)
            log_warning("%.*s: too many arguments", (int)name.length, (const char *)name.data);
    }
}

static void take_command_line(const struct boot_info *boot)
{
    struct view rest = {(const uint8_t *)boot->command, string_length(boot->command, sizeof boot->command)};
    while (rest.length > 0) {
        struct view word;
        view_split(rest, ' ', &word, &rest);
        if (view_starts_with(word, VIEW_OF_LITERAL("unit=")))
            want_unit((struct view){word.data + 5, word.length - 5});
        if (view_starts_with(word, VIEW_OF_LITERAL("root=")))
            root_configure(&init, word);
    }
}

/* Encrypted volumes open with the password that came with the archive: its first line. */
static void take_password(void)
{
    struct initfs_entry entry;
    struct view line, rest;
    char argument[sizeof init.services[0].unit.arguments];
    if (initfs_find(&init.archive, VIEW_OF_LITERAL(PASSWORD_PATH), &entry) != OK)
        return;
    view_split(entry.data, '\n', &line, &rest);
    size_t length = fmt(argument, sizeof argument, "password=%.*s", (int)MIN(line.length, sizeof argument), (const char *)line.data);
    for (uint32_t i = 0; i < init.service_count; i++)
        if (init.services[i].unit.may_be_root && unit_add_argument(&init.services[i].unit, (struct view){(const uint8_t *)argument, length}) != OK)
            log_warning("the volumes' password is too long");
}

static enum status start_system(const struct start_block *block)
{
    handle_t endpoint;
    const uint8_t *boot_bytes;
    init.block = block;
    TRY(sys_endpoint_create(0, PLACE_HIGH, &endpoint));
    TRY(server_init(&init.server, endpoint, &ops, &init));
    TRY(server_resource(&init.server, 0, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, 0, STREAM_READ | STREAM_WRITE, &init.operator));
    TRY(sys_memory_create(PROCESS_TABLE_SLOTS * sizeof(struct process_entry), 0, PLACE_HIGH, &init.table));
    TRY(map_object(start_handle(block, "boot"), align_up(sizeof(struct boot_info), PAGE_SIZE_BYTES), &boot_bytes));
    const struct boot_info *boot = (const struct boot_info *)(const void *)boot_bytes;
    TRY(open_archive(block, boot));
    read_units();
    take_command_line(boot);
    take_password();
    log_info("%u units", init.service_count);
    services_start_waiting(&init);
    return OK;
}

int main(const struct start_block *block)
{
    enum status status = start_system(block);
    if (status != OK)
        PANIC("cannot start: %s", status_sentence(status));
    status = server_run(&init.server);
    PANIC("the loop ended: %s", status_sentence(status));
}
