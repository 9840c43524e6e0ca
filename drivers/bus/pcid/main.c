/* SPDX-License-Identifier: MIT
 * pcid: finds the functions on the PCI Express bus and asks init for a driver for each one that the database knows
 * (etc/drivers.conf: `class CCSSII[/mask] UNIT` or `id VVVV:DDDD UNIT`). A driver gets one capability: its function. */
#include "base/fmt.h"
#include "base/string.h"
#include "function.h"
#include "initfs/initfs.h"
#include "protocol/init.h"
#include "sys/log.h"
#include "sys/start.h"

#define DATABASE "etc/drivers.conf"

static struct server server;
static struct function functions[FUNCTIONS_MAX];
static uint32_t function_count;
static handle_t hardware_handle, init_handle;
struct asking { struct completion completion; struct function *function; char name[48]; }; /* the name stays until it is answered */
static struct asking askings[FUNCTIONS_MAX];

static bool on_protocol(struct request *rq)
{
    if (!rq->token || rq->token > function_count)
        return false;
    return function_protocol(hardware_handle, &functions[rq->token - 1], rq);
}

/* Every copy of the driver's handle is gone: the function is quiet until somebody asks again. */
static void on_closed(struct server *s, uint64_t token, void *object)
{
    (void)s, (void)object;
    if (token && token <= function_count)
        function_quiet(&functions[token - 1]);
}

static const struct scheme_ops ops = {.protocol = on_protocol, .closed = on_closed};

/* ---- The database ------------------------------------------------------------------------------------------------------- */

static struct view next_word(struct view *line)
{
    struct view word = {};
    while (line->length && line->data[0] == ' ')
        *line = (struct view){line->data + 1, line->length - 1};
    view_split(*line, ' ', &word, line);
    return word;
}

static bool hex(struct view digits, uint64_t *out)
{
    char text[20];
    size_t length = MIN(digits.length, sizeof text - 3);
    text[0] = '0';
    text[1] = 'x';
    memcpy(text + 2, digits.data, length);
    return digits.length && digits.length < sizeof text - 2 && view_to_u64((struct view){(const uint8_t *)text, length + 2}, out) == OK;
}

static bool line_matches(struct view *line, const struct pci_header *h)
{
    uint64_t first, second = 0xffffff;
    struct view kind = next_word(line), pattern = next_word(line), left, right;
    if (view_equal(kind, VIEW_OF_LITERAL("id"))) {
        view_split(pattern, ':', &left, &right);
        return hex(left, &first) && hex(right, &second) && first == h->vendor && second == h->device;
    }
    if (!view_equal(kind, VIEW_OF_LITERAL("class")))
        return false;
    view_split(pattern, '/', &left, &right);
    if (!hex(left, &first) || (right.length && !hex(right, &second)))
        return false;
    return (h->class_code & second) == (first & second);
}

static bool find_driver(struct view database, const struct pci_header *h, struct view *out_unit)
{
    while (database.length) {
        struct view line;
        view_split(database, '\n', &line, &database);
        if (!line.length || line.data[0] == '#' || !line_matches(&line, h))
            continue;
        *out_unit = next_word(&line);
        return out_unit->length > 0;
    }
    return false;
}

/* ---- Asking for drivers ------------------------------------------------------------------------------------------------- */

static void asked(struct server *s, struct completion *self, const struct message *reply)
{
    const struct function *f = container_of(self, struct asking, completion)->function;
    (void)s;
    if (reply->result < 0)
        log_warning("function %x: init does not start a driver: %s", f->address, status_sentence((enum status)reply->result));
}

static enum status ask_for_driver(struct function *f, struct view unit)
{
    uint64_t index = (uint64_t)(f - functions);
    struct asking *asking = &askings[index];
    *asking = (struct asking){.completion = {.done = asked}, .function = f};
    size_t length = fmt(asking->name, sizeof asking->name, "%.*s:%x", (int)unit.length, (const char *)unit.data, f->address);
    if (length >= sizeof asking->name)
        return ERR_NAME_TOO_LONG;
    handle_t resource;
    TRY(server_resource(&server, index + 1, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, 0, 0, &resource));
    struct init_attach_in in = {.name = {(const uint8_t *)asking->name, length}, .device = resource};
    enum status status = init_attach_submit(init_handle, &in, server.endpoint, server_completion_tag(&asking->completion));
    IGNORE(sys_handle_close(resource));
    return status;
}

static enum status read_database(handle_t initfs, struct view *out)
{
    struct file_attributes attributes;
    uint64_t address;
    struct initfs fs;
    struct initfs_entry entry;
    TRY(sys_stat(initfs, &attributes));
    TRY(sys_map(HANDLE_SELF_SPACE, 0, attributes.size_bytes, PROT_READ_ | MAP_SHARED_, initfs, 0, &address));
    TRY(initfs_open((struct view){(const uint8_t *)(uintptr_t)address, attributes.size_bytes}, &fs));
    TRY(initfs_find(&fs, VIEW_OF_LITERAL(DATABASE), &entry));
    *out = entry.data;
    return OK;
}

static enum status start(const struct start_block *block)
{
    struct view database, unit;
    hardware_handle = start_handle(block, "hardware");
    init_handle = start_handle(block, "init");
    TRY(server_init(&server, start_handle(block, "endpoint"), &ops, nullptr));
    TRY(read_database(start_handle(block, "initfs"), &database));
    enum status status = functions_scan(hardware_handle, functions, FUNCTIONS_MAX, &function_count);
    if (status != OK) /* a machine without PCI Express still runs */
        log_warning("no PCI Express functions: %s", status_sentence(status));
    log_info("%u functions; there is no IOMMU in use: drivers are trusted with physical memory", function_count);
    for (uint32_t i = 0; i < function_count; i++)
        if (find_driver(database, &functions[i].header, &unit))
            TRY(ask_for_driver(&functions[i], unit));
    return OK;
}

int main(const struct start_block *block)
{
    enum status status = start(block);
    if (status == OK)
        status = server_run(&server);
    log_error("ended: %s", status_sentence(status));
    return 1;
}
