/* SPDX-License-Identifier: MIT
 * The first C code of a native program: applies the image's own relocations, remembers the start block, runs main.
 * Until relocate has returned, no pointer that lives in data may be used. */
#include "sys/start.h"
#include "base/string.h"
#include "sys/clock.h"
#include "sys/syscall.h"

static const struct start_block *block_of_process;

/* A relocation as ELF64 stores it; the only kind in a static position-independent image is `base + addend`. */
struct relocation { uint64_t offset, info; int64_t addend; };
#define RELOCATION_RELATIVE 8u

/* From the linker: the ELF header, which is where the image begins, and the table. Hidden, so that their addresses are taken relative
 * to the code: an address from the global offset table would itself want relocation. */
#define HIDDEN __attribute__((visibility("hidden")))
extern HIDDEN char __ehdr_start[], rela_start[], rela_end[];
[[noreturn]] void start_program(const struct start_block *block);

static void relocate(void)
{
    uint64_t base = sys_address(__ehdr_start);
    for (const char *at = rela_start; at + sizeof(struct relocation) <= rela_end; at += sizeof(struct relocation)) {
        const struct relocation *r = (const struct relocation *)(const void *)at;
        if ((uint32_t)r->info == RELOCATION_RELATIVE)
            *(uint64_t *)(uintptr_t)(base + r->offset) = base + (uint64_t)r->addend;
    }
}

void start_program(const struct start_block *block)
{
    relocate();
    if (block->magic != START_MAGIC)
        sys_process_exit((uint64_t)(int64_t)ERR_PROTOCOL);
    block_of_process = block;
    sys_process_exit((uint64_t)main(block));
}

const struct start_block *start_current(void)
{
    return block_of_process;
}

handle_t start_handle(const struct start_block *block, const char *name)
{
    struct view wanted = view_of_string(name);
    for (uint32_t i = 0; i < block->handle_count && i < START_HANDLES_MAX; i++) {
        const struct start_handle *h = &block->handles[i];
        struct view have = {(const uint8_t *)h->name, string_length(h->name, sizeof h->name)};
        if (view_equal(have, wanted))
            return h->handle;
    }
    return HANDLE_NONE;
}

struct view start_argument(const struct start_block *block, uint32_t index)
{
    struct view rest = {(const uint8_t *)block->arguments, MIN(block->arguments_bytes, sizeof block->arguments)};
    struct view argument = {};
    for (uint32_t i = 0; i <= index; i++) {
        if (rest.length == 0)
            return (struct view){};
        view_split(rest, 0, &argument, &rest);
    }
    return argument;
}

bool start_has_argument(const struct start_block *block, const char *word)
{
    struct view wanted = view_of_string(word);
    for (uint32_t i = 1; i < block->argument_count; i++)
        if (view_equal(start_argument(block, i), wanted))
            return true;
    return false;
}

struct view start_option(const struct start_block *block, const char *prefix)
{
    struct view wanted = view_of_string(prefix);
    for (uint32_t i = 1; i < block->argument_count; i++) {
        struct view argument = start_argument(block, i);
        if (view_starts_with(argument, wanted))
            return (struct view){argument.data + wanted.length, argument.length - wanted.length};
    }
    return (struct view){};
}

/* Without a page (whoever started this process had none) the kernel is asked. */
static uint64_t clock_read(bool realtime)
{
    const volatile struct clock_page *page = (const volatile struct clock_page *)(uintptr_t)block_of_process->clock_page;
    if (page)
        return clock_page_read(page, realtime);
    uint64_t ns = 0;
    IGNORE(sys_clock_get(realtime ? CLOCK_REALTIME_ : CLOCK_MONOTONIC_, &ns));
    return ns;
}

uint64_t clock_monotonic_ns(void)
{
    return clock_read(false);
}

uint64_t clock_realtime_ns(void)
{
    return clock_read(true);
}
