/* SPDX-License-Identifier: MIT
 * Ports, lines, messages, windows. A window may not cover RAM that the frame allocator owns; ports are checked against the range
 * that the handle was made with. */
#include "kernel/irq/hardware.h"
#include "arch/machine.h"
#include "base/checked.h"
#include "kernel/core/cpu.h"
#include "kernel/core/log.h"
#include "kernel/irq/interrupt.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/user_copy.h"
#include "kernel/object/handle_table.h"
#include "kernel/object/memory_object.h"
#include "kernel/task/process.h"
#include "protocol/hardware_abi.h"

struct ports {
    struct object object;
    uint32_t base, count;         /* constant */
};
static struct boot_info machine;  /* what the loader said; constant after hardware_init */
#define OUT_CHUNK 256u

static void plain_destroy(struct object *o)
{
    heap_free(o, sizeof *o);
}
static void ports_destroy(struct object *o)
{
    heap_free(container_of(o, struct ports, object), sizeof(struct ports));
}
static const struct object_type hardware_type = {.kind = OBJECT_HARDWARE, .name = "hardware", .destroy = plain_destroy};
static const struct object_type ports_type = {.kind = OBJECT_PORTS, .name = "ports", .destroy = ports_destroy};

void hardware_init(const struct boot_info *boot)
{
    machine = *boot;
}

enum status hardware_create(struct object **out)
{
    struct object *o = heap_allocate(sizeof *o);
    if (!o)
        return ERR_NO_MEMORY;
    object_init(o, &hardware_type);
    *out = o;
    return OK;
}

/* Puts a new object into the caller's table at the placement of word 2 and its number into word 3. */
static enum status give(struct object *o, uint32_t rights, uint64_t *words)
{
    handle_t h;
    enum status status = handle_install(current()->process->handles, o, rights, nullptr, words[2], &h);
    if (status != OK)
        object_put(o);
    else
        words[3] = (uint64_t)h;
    return status;
}

static enum status make_ports(uint64_t *words)
{
    uint64_t base = words[HARDWARE_PORTS_IN_BASE], count = words[HARDWARE_PORTS_IN_COUNT];
    if (!count || !range_fits(base, count, 0x10000))
        return ERR_INVALID;
    struct ports *p = heap_allocate(sizeof *p);
    if (!p)
        return ERR_NO_MEMORY;
    object_init(&p->object, &ports_type);
    p->base = (uint32_t)base;
    p->count = (uint32_t)count;
    return give(&p->object, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, words);
}

static enum status make_line(uint64_t *words)
{
    uint64_t flags = words[HARDWARE_LINE_IN_FLAGS];
    struct object *o;
    TRY(interrupt_create_line((uint32_t)words[HARDWARE_LINE_IN_NUMBER], flags & HARDWARE_LINE_LEVEL, flags & HARDWARE_LINE_ACTIVE_LOW, &o));
    return give(o, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, words);
}

static enum status make_message(uint64_t *words)
{
    struct object *o;
    uint64_t address;
    uint32_t data;
    TRY(interrupt_create_message(&o, &address, &data));
    TRY(give(o, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, words));
    words[HARDWARE_MESSAGE_INTERRUPT_OUT_ADDRESS] = address;
    words[HARDWARE_MESSAGE_INTERRUPT_OUT_DATA] = data;
    return OK;
}

static bool overlaps_usable(uint64_t start, uint64_t length)
{
    for (uint32_t i = 0; i < machine.range_count; i++) {
        const struct boot_range *r = &machine.ranges[i];
        bool owned = r->kind == BOOT_MEMORY_USABLE || r->kind == BOOT_MEMORY_KERNEL || r->kind == BOOT_MEMORY_LOADER;
        if (owned && start < r->start + r->length && r->start < start + length)
            return true;
    }
    return false;
}

static enum status make_window(uint64_t *words)
{
    uint64_t start = words[HARDWARE_WINDOW_IN_ADDRESS], length = words[HARDWARE_WINDOW_IN_LENGTH], end;
    uint64_t flags = words[HARDWARE_WINDOW_IN_FLAGS];
    if (!length || !is_aligned(start | length, PAGE_BYTES) || start >> 46 || size_add(start, length, &end) != OK)
        return ERR_INVALID;
    if (overlaps_usable(start, length))
        return ERR_NOT_PERMITTED;
    struct memory_object *m;
    TRY(memory_create_window(phys(start), length, !(flags & HARDWARE_WINDOW_CACHED), &m));
    return give(memory_as_object(m), RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, words);
}

static enum status find_physical(uint64_t *words)
{
    struct object *o;
    TRY(handle_get(current()->process->handles, (handle_t)words[3], OBJECT_MEMORY, RIGHT_READ, &o));
    CLEANUP(object_put) struct object *held = o;
    uint64_t offset = words[HARDWARE_PHYSICAL_IN_OFFSET];
    phys_addr_t first, next;
    TRY(memory_physical(memory_from_object(held), offset, &first));
    struct memory_object *m = memory_from_object(held);
    uint64_t run = m->flags & MEMORY_CONTIGUOUS ? m->size_bytes - offset : PAGE_BYTES - offset % PAGE_BYTES;
    while (!(m->flags & MEMORY_CONTIGUOUS) && run < 1u << 20 && memory_physical(memory_from_object(held), offset + run, &next) == OK && next.value == first.value + run)
        run += PAGE_BYTES;
    words[HARDWARE_PHYSICAL_OUT_ADDRESS] = first.value;
    words[HARDWARE_PHYSICAL_OUT_RUN_BYTES] = run;
    return OK;
}

static enum status describe_framebuffer(uint64_t *words)
{
    if (!machine.framebuffer.address)
        return ERR_NOT_FOUND;
    words[HARDWARE_FRAMEBUFFER_OUT_ADDRESS] = machine.framebuffer.address;
    words[HARDWARE_FRAMEBUFFER_OUT_WIDTH] = machine.framebuffer.width;
    words[HARDWARE_FRAMEBUFFER_OUT_HEIGHT] = machine.framebuffer.height;
    words[HARDWARE_FRAMEBUFFER_OUT_STRIDE_BYTES] = machine.framebuffer.stride_bytes;
    return OK;
}

static enum status hardware_operation(uint32_t operation, uint64_t *words)
{
    switch (operation) {
    case HARDWARE_PORTS:
        return make_ports(words);
    case HARDWARE_LINE:
        return make_line(words);
    case HARDWARE_MESSAGE_INTERRUPT:
        return make_message(words);
    case HARDWARE_WINDOW:
        return make_window(words);
    case HARDWARE_ACPI_ROOT:
        words[HARDWARE_ACPI_ROOT_OUT_ADDRESS] = arch_acpi_root();
        return OK;
    case HARDWARE_PHYSICAL:
        return find_physical(words);
    case HARDWARE_FRAMEBUFFER:
        return describe_framebuffer(words);
    default:
        return ERR_NOT_SUPPORTED;
    }
}

static enum status check_port(const struct ports *p, uint64_t offset, uint64_t width)
{
    if (width != 1 && width != 2 && width != 4)
        return ERR_INVALID;
    return range_fits(offset, width, p->count) ? OK : ERR_OUT_OF_RANGE;
}

static enum status out_bytes(const struct ports *p, uint64_t *words)
{
    uint8_t chunk[OUT_CHUNK];
    uint64_t offset = words[HARDWARE_OUT_BYTES_IN_OFFSET], length = words[7];
    TRY(check_port(p, offset, 1));
    for (uint64_t done = 0; done < length;) {
        size_t part = MIN(length - done, sizeof chunk);
        TRY(copy_from_user(chunk, user(words[6] + done), part));
        arch_port_out_bytes((uint16_t)(p->base + offset), chunk, part);
        done += part;
        preempt_point();
    }
    return OK;
}

static enum status ports_operation(const struct ports *p, uint32_t operation, uint64_t *words)
{
    switch (operation) {
    case HARDWARE_IN:
        TRY(check_port(p, words[HARDWARE_IN_IN_OFFSET], words[HARDWARE_IN_IN_WIDTH_BYTES]));
        words[HARDWARE_IN_OUT_VALUE] =
            arch_port_in((uint16_t)(p->base + words[HARDWARE_IN_IN_OFFSET]), (uint32_t)words[HARDWARE_IN_IN_WIDTH_BYTES]);
        return OK;
    case HARDWARE_OUT:
        TRY(check_port(p, words[HARDWARE_OUT_IN_OFFSET], words[HARDWARE_OUT_IN_WIDTH_BYTES]));
        arch_port_out((uint16_t)(p->base + words[HARDWARE_OUT_IN_OFFSET]), (uint32_t)words[HARDWARE_OUT_IN_WIDTH_BYTES],
                      (uint32_t)words[HARDWARE_OUT_IN_VALUE]);
        return OK;
    case HARDWARE_OUT_BYTES:
        return out_bytes(p, words);
    default:
        return ERR_NOT_SUPPORTED;
    }
}

int64_t hardware_call(struct object *o, uint32_t kind, uint64_t *words)
{
    uint32_t operation = kind & KIND_OPERATION;
    switch (o->type->kind) {
    case OBJECT_HARDWARE:
        return hardware_operation(operation, words);
    case OBJECT_PORTS:
        return ports_operation(container_of(o, struct ports, object), operation, words);
    case OBJECT_INTERRUPT:
        if (operation != HARDWARE_ACKNOWLEDGE)
            return ERR_NOT_SUPPORTED;
        interrupt_acknowledge(o);
        return OK;
    default:
        return ERR_WRONG_TYPE;
    }
}
