/* SPDX-License-Identifier: MIT
 * edud: the smallest driver there is, for QEMU's teaching device (`-device edu`), which computes factorials and interrupts when it is done.
 * docs/drivers.md goes through it line by line.
 *
 * open("edu:12") gives a file; reading it waits for the device and gives "479001600\n". One computation at a time, in the order of opens. */
#include "base/fmt.h"
#include "base/try.h"
#include "driver/driver.h"
#include "sys/log.h"

enum : uint64_t { EDU_IDENTIFICATION = 0x00, EDU_FACTORIAL = 0x08, EDU_STATUS = 0x20, EDU_RAISED = 0x24, EDU_ACKNOWLEDGE = 0x64 };
enum : uint32_t { EDU_STATUS_INTERRUPT = 0x80, EDU_FAMILY = 0xed, EDU_FAMILY_MASK = 0xff };
#define FILES_MAX 16u
#define PROBE_NUMBER 12u
#define PROBE_RESULT 479001600u
#define TEXT_BYTES 16u

struct file {
    bool is_open, is_wanted, is_computed; /* wanted: for the device; until it is computed the place is taken, open or not */
    uint32_t number, length;
    uint64_t reader;                      /* the read that waits; 0: none does */
    char text[TEXT_BYTES];
};

static struct driver driver;
static struct mmio registers;
static struct file files[FILES_MAX];
static struct file *at_work;              /* the device has its number */

static void go_on(void)
{
    for (uint32_t i = 0; i < FILES_MAX && !at_work; i++)
        if (files[i].is_wanted)
            at_work = &files[i];
    if (!at_work)
        return;
    mmio_write32(registers, EDU_STATUS, EDU_STATUS_INTERRUPT);
    mmio_write32(registers, EDU_FACTORIAL, at_work->number);
}

static struct view text_of(const struct file *f)
{
    return (struct view){(const uint8_t *)f->text, f->length};
}

static void on_interrupt(struct driver *d, uint32_t vector)
{
    (void)vector;
    mmio_write32(registers, EDU_ACKNOWLEDGE, mmio_read32(registers, EDU_RAISED));
    struct file *f = take(at_work);
    if (!f)
        return; /* not what we asked for */
    uint32_t result = mmio_read32(registers, EDU_FACTORIAL);
    f->length = (uint32_t)fmt(f->text, sizeof f->text, "%u\n", result);
    f->is_wanted = false;
    f->is_computed = true;
    if (f == &files[0] && !f->is_open)
        log_info("%u factorial is %u%s", f->number, result, result == PROBE_RESULT ? "" : ", says the device, which is wrong");
    if (f->reader)
        IGNORE(server_answer_data(&d->server, f->reader, text_of(f)));
    f->reader = 0;
    go_on();
}

static enum status on_open(struct request *rq, struct view path, uint32_t flags, uint32_t mode, handle_t *out_handle, uint32_t *out_kind)
{
    uint64_t number;
    (void)flags, (void)mode;
    TRY(view_to_u64(path, &number));
    if (number > UINT32_MAX)
        return ERR_OUT_OF_RANGE;
    for (uint32_t i = 0; i < FILES_MAX; i++) {
        struct file *f = &files[i];
        if (f->is_open || f->is_wanted)
            continue;
        TRY(server_open(rq->server, f, RIGHT_READ | RIGHT_GRANT, RESOURCE_ALWAYS_READY, STREAM_READ, out_handle));
        *f = (struct file){.is_open = true, .is_wanted = true, .number = (uint32_t)number};
        *out_kind = FILE_CHARACTER;
        go_on();
        return OK;
    }
    return ERR_LIMIT;
}

static enum status on_read(struct request *rq, uint64_t offset, uint64_t capacity, uint32_t stream_flags, struct view *out_data)
{
    struct file *f = rq->object;
    (void)stream_flags;
    if (!f)
        return ERR_NOT_SUPPORTED;
    if (f->is_computed) {
        struct view text = text_of(f);
        uint64_t skip = MIN(offset, text.length);
        *out_data = (struct view){text.data + skip, MIN(capacity, text.length - skip)};
        return OK;
    }
    if (f->reader || offset || capacity < TEXT_BYTES)
        return ERR_BUSY;
    f->reader = request_defer(rq);
    return OK;
}

static void on_closed(struct server *s, uint64_t token, void *object)
{
    struct file *f = object;
    (void)s, (void)token;
    if (f) {
        f->is_open = false;
        f->reader = 0;
    }
}

static enum status on_init(struct driver *d)
{
    TRY(device_bar_map(&d->device, 0, &registers));
    if (registers.bytes <= EDU_ACKNOWLEDGE || (mmio_read32(registers, EDU_IDENTIFICATION) & EDU_FAMILY_MASK) != EDU_FAMILY)
        return ERR_NO_DEVICE;
    TRY(device_interrupt(d, 0));
    files[0] = (struct file){.is_wanted = true, .number = PROBE_NUMBER};
    go_on();
    return OK;
}

static void on_shutdown(struct driver *d)
{
    (void)d;
    mmio_write32(registers, EDU_STATUS, 0);
}

int main(const struct start_block *block)
{
    static const struct scheme_ops scheme = {.open = on_open, .read = on_read, .closed = on_closed};
    static const struct driver_ops ops = {.init = on_init, .handle = &scheme, .interrupt = on_interrupt, .shutdown = on_shutdown};
    return driver_main(&driver, block, &ops, nullptr);
}
