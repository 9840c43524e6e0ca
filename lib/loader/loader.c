/* SPDX-License-Identifier: MIT
 * How a native process is put together. Everything is built in a space that nobody runs in yet, so that a failure only closes handles. */
#include "loader/loader.h"
#include "base/string.h"
#include "sys/syscall.h"

#define STACK_BYTES_DEFAULT 65536u
#define GUARD_BYTES PAGE_SIZE_BYTES
#define RANDOM_LOWEST 0x100000000000ull
#define RANDOM_RANGE 0x500000000000ull

/* The area at the top: guard, stack, guard, start block, clock page. */
struct top_area { uint64_t stack_top, block, clock; };

uint64_t loader_random_address(void)
{
    uint64_t random = 0;
    IGNORE(sys_random(SPAN_OF_STRUCT(&random)));
    return RANDOM_LOWEST + align_down(random % RANDOM_RANGE, PAGE_SIZE_BYTES);
}

/* Address space without access rights, for exact mappings to replace. */
static enum status reserve(handle_t space, uint64_t hint, uint64_t bytes, uint64_t *out_start)
{
    return sys_map(space, hint, bytes, PROT_NONE_, HANDLE_NONE, 0, out_start);
}

static enum status write_all(handle_t space, uint64_t address, struct view bytes)
{
    while (bytes.length > 0) {
        int64_t written = sys_space_write(space, address, bytes);
        if (written <= 0)
            return written < 0 ? (enum status)written : ERR_BAD_ADDRESS;
        address += (uint64_t)written;
        bytes = (struct view){bytes.data + written, bytes.length - (size_t)written};
    }
    return OK;
}

/* Code and constants can be the object's own pages; what is written to, or ends in zeros, cannot. */
static bool maps_in_place(const struct loader_program *program, const struct elf_segment *s)
{
    return program->object != HANDLE_NONE && !(s->protection & PROT_WRITE_) && s->file_bytes == s->memory_bytes;
}

static enum status map_segment(handle_t space, const struct loader_program *program, const struct elf_segment *s, uint64_t base)
{
    uint64_t start = align_down(base + s->address, PAGE_SIZE_BYTES), address;
    uint64_t length = align_up(base + s->address + s->memory_bytes, PAGE_SIZE_BYTES) - start;
    if (maps_in_place(program, s)) {
        uint64_t offset = program->object_offset + align_down(s->file_offset, PAGE_SIZE_BYTES);
        if (sys_map(space, start, length, MAP_EXACT_ | s->protection, program->object, offset, &address) == OK)
            return OK;
    }
    TRY(sys_map(space, start, length, MAP_EXACT_ | PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &address));
    struct view bytes;
    TRY(view_part(program->image, s->file_offset, s->file_bytes, &bytes));
    TRY(write_all(space, base + s->address, bytes));
    if (s->protection == (PROT_READ_ | PROT_WRITE_))
        return OK;
    return sys_protect(space, start, length, s->protection);
}

enum status loader_map_image(handle_t space, const struct loader_program *program, const struct elf_image *image, uint64_t *out_base)
{
    uint64_t base = 0;
    if (image->position_independent) {
        uint64_t start;
        TRY(reserve(space, loader_random_address(), image->highest - image->lowest, &start));
        base = start - image->lowest;
    }
    for (uint32_t i = 0; i < image->segment_count; i++)
        TRY(map_segment(space, program, &image->segments[i], base));
    *out_base = base;
    return OK;
}

static enum status map_top_area(handle_t space, const struct loader_program *program, struct top_area *out)
{
    uint64_t stack_bytes = align_up(program->stack_bytes ? program->stack_bytes : STACK_BYTES_DEFAULT, PAGE_SIZE_BYTES);
    uint64_t start, address;
    TRY(reserve(space, loader_random_address(), 2 * GUARD_BYTES + stack_bytes + 2 * PAGE_SIZE_BYTES, &start));
    *out = (struct top_area){.stack_top = start + GUARD_BYTES + stack_bytes};
    out->block = out->stack_top + GUARD_BYTES;
    uint32_t data = MAP_EXACT_ | PROT_READ_ | PROT_WRITE_;
    TRY(sys_map(space, start + GUARD_BYTES, stack_bytes, data, HANDLE_NONE, 0, &address));
    TRY(sys_map(space, out->block, PAGE_SIZE_BYTES, data, HANDLE_NONE, 0, &address));
    if (program->clock == HANDLE_NONE)
        return OK;
    out->clock = out->block + PAGE_SIZE_BYTES;
    return sys_map(space, out->clock, PAGE_SIZE_BYTES, MAP_EXACT_ | MAP_SHARED_ | PROT_READ_, program->clock, 0, &address);
}

static uint32_t count_strings(struct view strings)
{
    uint32_t count = 0;
    for (size_t i = 0; i < strings.length; i++)
        count += strings.data[i] == 0;
    return count;
}

static enum status write_block(handle_t space, const struct loader_program *program, const struct top_area *top,
                               const struct start_block *names)
{
    struct start_block block = *names;
    if (program->arguments.length > sizeof block.arguments)
        return ERR_TOO_BIG;
    block.magic = START_MAGIC;
    block.clock_page = top->clock;
    block.arguments_bytes = (uint32_t)program->arguments.length;
    block.argument_count = count_strings(program->arguments);
    memcpy(block.arguments, program->arguments.data, program->arguments.length);
    TRY(sys_random(SPAN_OF_ARRAY(block.random)));
    TRY(write_all(space, top->block, VIEW_OF_STRUCT(&block)));
    return sys_protect(space, top->block, PAGE_SIZE_BYTES, PROT_READ_);
}

/* The transfers, and the names that the start block gives their numbers. */
static enum status list_handles(const struct loader_program *program, struct handle_transfer *out_transfers, struct start_block *out_names)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < program->handle_count; i++) {
        const struct loader_handle *h = &program->handles[i];
        if (h->from == HANDLE_NONE)
            continue;
        struct view name = view_of_string(h->name);
        if (count == START_HANDLES_MAX || name.length >= sizeof out_names->handles[0].name)
            return ERR_TOO_BIG;
        out_transfers[count] = (struct handle_transfer){.from = h->from, .rights = h->rights, .to = PLACE_EXACT(count)};
        out_names->handles[count].handle = (handle_t)count;
        memcpy(out_names->handles[count].name, name.data, name.length);
        count++;
    }
    out_names->handle_count = count;
    return OK;
}

static enum status fill_space(handle_t space, const struct loader_program *program, const struct start_block *names,
                              struct process_arguments *arguments)
{
    struct elf_image image;
    struct top_area top;
    uint64_t base;
    TRY(elf_parse(program->image, program->image.length, &image));
    if (image.interpreter_bytes)
        return ERR_BAD_FORMAT;
    TRY(loader_map_image(space, program, &image, &base));
    TRY(map_top_area(space, program, &top));
    TRY(write_block(space, program, &top, names));
    arguments->entry = base + image.entry;
    arguments->stack = top.stack_top;
    arguments->argument = top.block;
    return OK;
}

enum status loader_spawn(const struct loader_program *program, handle_t *out_process)
{
    struct handle_transfer transfers[START_HANDLES_MAX];
    struct start_block names = {};
    TRY(list_handles(program, transfers, &names));
    struct process_arguments arguments = {.name_space = program->name_space, .group = program->group, .identity = program->identity,
                                          .credential = program->credential, .handles = sys_address(transfers),
                                          .handle_count = names.handle_count, .priority = program->priority};
    struct view name = {};
    struct view rest;
    view_split(program->arguments, 0, &name, &rest);
    span_copy((struct span){(uint8_t *)arguments.name, sizeof arguments.name - 1}, name);

    TRY(sys_space_create(PLACE_HIGH, &arguments.space));
    enum status status = fill_space(arguments.space, program, &names, &arguments);
    if (status == OK)
        status = sys_process_create(&arguments, PLACE_HIGH, out_process);
    if (status != OK)
        IGNORE(sys_handle_close(arguments.space)); /* taken only when the process exists */
    return status;
}
