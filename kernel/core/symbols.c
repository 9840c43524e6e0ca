/* SPDX-License-Identifier: MIT
 * The symbol table that tools/ksyms writes: offsets from the image's start, ascending, and names. */
#include "kernel/core/symbols.h"
#include "arch/machine.h"
#include "kernel/core/log.h"

struct symbol_entry { uint32_t offset, name; };
struct symbol_table {
    uint32_t count, reserved;
    struct symbol_entry entries[]; /* the names follow the last one */
};
extern const struct symbol_table kernel_symbols;
extern const char __image_start[], __text_end[];

bool symbol_find(uint64_t address, struct symbol *out)
{
    uint64_t start = (uint64_t)__image_start;
    if (address < start || address >= (uint64_t)__text_end || kernel_symbols.count == 0)
        return false;
    uint32_t low = 0, high = kernel_symbols.count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (kernel_symbols.entries[middle].offset <= address - start)
            low = middle;
        else
            high = middle;
    }
    const struct symbol_entry *e = &kernel_symbols.entries[low];
    if (e->offset > address - start)
        return false;
    out->name = (const char *)&kernel_symbols.entries[kernel_symbols.count] + e->name;
    out->offset = address - start - e->offset;
    return true;
}

/* A recursion's frames are counted, not listed. Only one backtrace is made at a time. */
static uint64_t last_address, repeated;

static void log_repeated(void)
{
    if (repeated)
        log_error("  (the same %lu times more)", repeated);
    repeated = 0;
}

static void log_address(uint64_t address)
{
    struct symbol s;
    if (address == last_address) {
        repeated++;
        return;
    }
    log_repeated();
    last_address = address;
    if (symbol_find(address, &s))
        log_error("  0x%016lx %s+0x%lx", address, s.name, s.offset);
    else
        log_error("  0x%016lx", address);
}

void backtrace_log(uint64_t address, uint64_t frame_pointer)
{
    log_error("backtrace:");
    if (address)
        log_address(address);
    arch_backtrace(frame_pointer, log_address);
    log_repeated();
}
