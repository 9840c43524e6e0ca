/* SPDX-License-Identifier: MIT
 * init's address space: the image's segments at a random base, a stack between guards, the start block, the clock page. Runs once,
 * on the boot CPU, before there is any other process. */
#include "kernel/main/first_process.h"
#include "abi/event.h"
#include "abi/start.h"
#include "arch/context.h"
#include "arch/machine.h"
#include "base/fmt.h"
#include "base/string.h"
#include "elf/elf.h"
#include "initfs/initfs.h"
#include "kernel/core/log.h"
#include "kernel/irq/hardware.h"
#include "kernel/main/entropy.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/user_copy.h"
#include "kernel/object/handle_table.h"
#include "kernel/object/io.h"
#include "kernel/object/memory_object.h"
#include "kernel/object/namespace.h"
#include "kernel/object/small.h"
#include "kernel/task/process.h"

#define STACK_BYTES 65536u
#define INIT_PATH "sbin/init"

static enum status write_space(struct address_space *s, uint64_t to, const void *from, size_t length)
{
    size_t copied;
    return length ? space_copy_out(s, user(to), from, length, true, &copied) : OK;
}

static enum status map_anonymous(struct address_space *s, uint64_t at, uint64_t length, uint64_t *out)
{
    return space_map(s, at, length, PROT_READ_ | PROT_WRITE_ | (at ? MAP_EXACT_ : 0), nullptr, 0, PROT_MASK_, out);
}

static enum status map_segment(struct address_space *s, struct view file, const struct elf_segment *g, uint64_t base)
{
    uint64_t start = align_down(base + g->address, PAGE_BYTES), end = align_up(base + g->address + g->memory_bytes, PAGE_BYTES), at;
    struct view bytes;
    TRY(map_anonymous(s, start, end - start, &at));
    TRY(view_part(file, g->file_offset, g->file_bytes, &bytes));
    TRY(write_space(s, base + g->address, bytes.data, bytes.length));
    return space_protect(s, start, end - start, g->protection);
}

static enum status map_image(struct address_space *s, struct view file, uint64_t *out_entry)
{
    struct elf_image image;
    uint64_t start;
    TRY(elf_parse(file, file.length, &image));
    if (!image.position_independent || image.interpreter_bytes)
        return ERR_BAD_FORMAT;
    TRY(space_map(s, 0, image.highest - image.lowest, PROT_NONE_, nullptr, 0, PROT_MASK_, &start));
    uint64_t base = start - image.lowest;
    for (uint32_t i = 0; i < image.segment_count; i++)
        TRY(map_segment(s, file, &image.segments[i], base));
    *out_entry = base + image.entry;
    return OK;
}

static enum status create_clock(struct object **out)
{
    phys_addr_t frame;
    struct memory_object *m;
    TRY(frame_allocate(FRAME_ZEROED, FRAME_KERNEL, &frame));
    *(struct clock_page *)phys_to_virt(frame) = (struct clock_page){
        .version = 1, .base_tsc = arch_time_base_tsc(), .multiplier = arch_time_multiplier(),
        .realtime_offset_ns = arch_realtime_offset_ns(), .tsc_hz = arch_tsc_hz(),
    };
    TRY(memory_create_window(frame, PAGE_BYTES, false, &m));
    *out = memory_as_object(m);
    return OK;
}

static enum status create_boot(const struct boot_info *boot, struct object **out)
{
    struct memory_object *m;
    TRY(memory_create(align_up(sizeof *boot, PAGE_BYTES), 0, &m));
    *out = memory_as_object(m);
    return memory_write(m, 0, boot, sizeof *boot);
}

static enum status create_initfs(const struct boot_info *boot, struct object **out)
{
    struct memory_object *m;
    TRY(memory_create_window(phys(boot->initfs_physical), align_up(boot->initfs_bytes, PAGE_BYTES), false, &m));
    *out = memory_as_object(m);
    return OK;
}

static enum status give(struct start_block *block, struct handle_table *t, const char *name, struct object *o, uint32_t rights)
{
    struct start_handle *h = &block->handles[block->handle_count];
    TRY(handle_install(t, o, rights, nullptr, PLACE_LOW(0), &h->handle));
    fmt(h->name, sizeof h->name, "%s", name);
    block->handle_count++;
    return OK;
}

static enum status give_all(const struct boot_info *boot, struct start_block *block, struct handle_table *t, struct object *identity,
                            struct object *clock)
{
    const uint32_t use = RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, look = RIGHT_READ | RIGHT_EXECUTE | RIGHT_GRANT;
    struct object *o;
    TRY(log_object_create(&o));
    TRY(give(block, t, "log", o, use));
    TRY(realtime_create(&o));
    TRY(give(block, t, "realtime", o, RIGHT_MANAGE | RIGHT_GRANT));
    TRY(hardware_create(&o));
    TRY(give(block, t, "hardware", o, use | RIGHT_MANAGE));
    TRY(create_initfs(boot, &o));
    TRY(give(block, t, "initfs", o, look));
    TRY(create_boot(boot, &o));
    TRY(give(block, t, "boot", o, look));
    TRY(give(block, t, "identity", object_get(identity), RIGHT_ALL));
    TRY(null_device_create(&o));
    TRY(give(block, t, "null", o, use));
    TRY(zero_device_create(&o));
    TRY(give(block, t, "zero", o, use));
    return give(block, t, "clock", clock, RIGHT_READ | RIGHT_GRANT);
}

struct layout { uint64_t entry, stack_top, block; };

/* Guard, stack, guard, start block, clock page. */
static enum status build_space(struct address_space *s, struct view file, struct object *clock, struct start_block *block, struct layout *out)
{
    uint64_t area, at;
    TRY(map_image(s, file, &out->entry));
    TRY(space_map(s, 0, STACK_BYTES + 4 * PAGE_BYTES, PROT_NONE_, nullptr, 0, PROT_MASK_, &area));
    TRY(map_anonymous(s, area + PAGE_BYTES, STACK_BYTES, &at));
    out->stack_top = area + PAGE_BYTES + STACK_BYTES;
    out->block = out->stack_top + PAGE_BYTES;
    TRY(map_anonymous(s, out->block, PAGE_BYTES, &at));
    TRY(space_map(s, out->block + PAGE_BYTES, PAGE_BYTES, PROT_READ_ | MAP_EXACT_ | MAP_SHARED_, clock, 0, PROT_READ_, &block->clock_page));
    block->magic = START_MAGIC;
    block->argument_count = 1;
    block->arguments_bytes = sizeof "init";
    memcpy(block->arguments, "init", sizeof "init");
    entropy_fill(SPAN_OF_ARRAY(block->random));
    TRY(write_space(s, out->block, block, sizeof *block));
    return space_protect(s, out->block, PAGE_BYTES, PROT_READ_);
}

static enum status find_init(const struct boot_info *boot, struct view *out)
{
    struct initfs fs;
    struct initfs_entry entry;
    if (!boot->initfs_bytes) {
        log_error("no initfs: the loader found none (qemu: -initrd)");
        return ERR_NOT_FOUND;
    }
    TRY(initfs_open((struct view){phys_to_virt(phys(boot->initfs_physical)), boot->initfs_bytes}, &fs));
    TRY(initfs_find(&fs, VIEW_OF_LITERAL(INIT_PATH), &entry));
    *out = entry.data;
    return OK;
}

enum status first_process_start(const struct boot_info *boot)
{
    static struct start_block block; /* too large for the stack; used once */
    struct view file;
    struct address_space *space;
    struct handle_table *handles;
    struct namespace *names;
    struct object *identity, *clock;
    struct process *p;
    struct context *c;
    struct layout layout;
    TRY(find_init(boot, &file));
    TRY(space_create(&space));
    TRY(handle_table_create(&handles));
    TRY(namespace_create(nullptr, &names));
    TRY(identity_create(&identity));
    TRY(create_clock(&clock));
    TRY(give_all(boot, &block, handles, identity, clock));
    TRY(build_space(space, file, clock, &block, &layout));
    TRY(process_create(space, handles, names, (struct identity *)identity, "init", &p));
    TRY(context_create(p, 0, &c));
    arch_frame_init(arch_context_frame(&c->arch), layout.entry, layout.stack_top, layout.block);
    process_add_context(p, c);
    context_start(c);
    object_put(&c->object);
    return OK;
}
