/* SPDX-License-Identifier: MIT
 * From wherever the loader put us to our own address: seed, random bases, relocation, page tables. Runs once, on one CPU, identity
 * mapped, before relocation (see early.h). The tables made here stay the kernel's: frames of kind BOOT_MEMORY_KERNEL. */
#include "arch/layout.h"
#include "asm.h"
#include "base/string.h"
#include "base/try.h"
#include "boot/ranges.h"
#include "early.h"
#include "kernel/core/addresses.h"
#include "kernel/core/cpu.h"
#include "machine_private.h"

enum : uint64_t {
    PAGE_PRESENT = 1, PAGE_WRITE = 2, PAGE_LARGE = 1u << 7, PAGE_GLOBAL = 1u << 8, PAGE_NO_EXECUTE = 1ull << 63,
    PAGE_ADDRESS = 0x000ffffffffff000,
    SIZE_2M = 1ull << 21, SIZE_1G = 1ull << 30, LOW_640K = 0xa0000, LOW_1M = 1u << 20, LIMIT_4G = 1ull << 32,
};

struct relocation { uint64_t offset, info, addend; };
enum { RELOCATION_RELATIVE = 8 };

extern char boot_stack_guard[], __image_start[], __text_end[], __rodata_start[], __data_start[], __image_end[];
extern const struct relocation __rela_start[], __rela_end[];

struct boot_info boot_information;
uint64_t direct_map_base, direct_map_limit, early_low_page;
static uint64_t table_next, table_end; /* page tables are taken downwards from table_end */

EARLY void early_print(const char *message) { serial_write_raw(message, string_length(message, 200)); }

EARLY void early_die(const char *message)
{
    early_print("PANIC: ");
    early_print(message);
    early_print("\n");
    status_port_write("panic\n");
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* A well-known mixing function; each call gives the next number of the sequence. */
EARLY static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* Entropy, or exactly what `seed=` says, so that a run can be repeated. */
EARLY static void choose_seed(struct boot_info *info)
{
    struct view word;
    uint64_t number, state;
    bool has_random = asm_cpuid(1, 0).ecx & 1u << 30;
    if (boot_command_word(info, VIEW_OF_LITERAL("seed"), &word) == OK && view_to_u64(word, &number) == OK) {
        state = number;
        for (size_t i = 0; i < ARRAY_LENGTH(info->seed); i++)
            info->seed[i] = next_random(&state);
        return;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(info->seed); i++) {
        uint64_t hardware = 0;
        state = asm_tsc() + i;
        for (int tries = 0; has_random && tries < 10 && !asm_random(&hardware); tries++)
            continue;
        info->seed[i] ^= next_random(&state) ^ hardware;
    }
}

EARLY static void relocate(uint64_t image_physical, uint64_t slide)
{
    for (const struct relocation *r = __rela_start; r < __rela_end; r++) {
        if ((uint32_t)r->info != RELOCATION_RELATIVE)
            early_die("the kernel image holds a relocation that is not relative");
        *(uint64_t *)(image_physical + (r->offset - IMAGE_REGION_START)) = r->addend + slide;
    }
}

EARLY static uint64_t *new_table(void)
{
    if (table_end - table_next < PAGE_BYTES)
        early_die("no room for the first page tables");
    table_end -= PAGE_BYTES;
    memset((void *)table_end, 0, PAGE_BYTES);
    return (uint64_t *)table_end;
}

/* The entry for `address` at `level` (1: 4 KiB, 2: 2 MiB, 3: 1 GiB), with the tables above it. */
EARLY static uint64_t *entry_at(uint64_t *top, uint64_t address, int level)
{
    uint64_t *table = top;
    for (int l = 4;; l--) {
        uint64_t *entry = &table[address >> (12 + 9 * (l - 1)) & 511];
        if (l == level)
            return entry;
        if (!(*entry & PAGE_PRESENT))
            *entry = (uint64_t)new_table() | PAGE_PRESENT | PAGE_WRITE;
        table = (uint64_t *)(*entry & PAGE_ADDRESS);
    }
}

EARLY static uint64_t image_page_flags(uint64_t offset)
{
    uint64_t rodata = (uint64_t)(__rodata_start - __image_start), data = (uint64_t)(__data_start - __image_start);
    if (offset == (uint64_t)(boot_stack_guard - __image_start))
        return 0;
    if (offset < rodata)
        return PAGE_PRESENT | PAGE_GLOBAL;
    if (offset < data)
        return PAGE_PRESENT | PAGE_GLOBAL | PAGE_NO_EXECUTE;
    return PAGE_PRESENT | PAGE_GLOBAL | PAGE_NO_EXECUTE | PAGE_WRITE;
}

EARLY static void map_image(uint64_t *top, uint64_t physical, uint64_t virtual, uint64_t bytes)
{
    for (uint64_t offset = 0; offset < bytes; offset += PAGE_BYTES)
        *entry_at(top, virtual + offset, 1) = (physical + offset) | image_page_flags(offset);
}

/* [start, end) at the direct map, in 1 GiB pages where it fills them, rounded out to 2 MiB elsewhere: a page too much at the edges
 * costs nothing and makes firmware tables readable that lie beside RAM. */
EARLY static void map_directly(uint64_t *top, uint64_t start, uint64_t end, bool has_1g)
{
    const uint64_t flags = PAGE_PRESENT | PAGE_WRITE | PAGE_GLOBAL | PAGE_LARGE | PAGE_NO_EXECUTE;
    end = align_up(end, SIZE_2M);
    for (uint64_t at = align_down(start, SIZE_2M); at < end;) {
        uint64_t *upper = entry_at(top, direct_map_base + at, 3);
        if (*upper & PAGE_PRESENT && *upper & PAGE_LARGE) {
            at = align_down(at, SIZE_1G) + SIZE_1G;
        } else if (has_1g && is_aligned(at, SIZE_1G) && end - at >= SIZE_1G && !(*upper & PAGE_PRESENT)) {
            *upper = at | flags;
            at += SIZE_1G;
        } else {
            *entry_at(top, direct_map_base + at, 2) = at | flags;
            at += SIZE_2M;
        }
    }
    direct_map_limit = MAX(direct_map_limit, end);
}

EARLY static void map_memory(uint64_t *top, const struct boot_info *info)
{
    bool has_1g = asm_cpuid(0x80000000, 0).eax >= 0x80000001 && asm_cpuid(0x80000001, 0).edx & 1u << 26;
    map_directly(top, 0, LOW_1M, has_1g);
    for (uint32_t i = 0; i < info->range_count; i++) {
        const struct boot_range *r = &info->ranges[i];
        if (r->kind != BOOT_MEMORY_RESERVED)
            map_directly(top, r->start, r->start + r->length, has_1g);
    }
}

/* Enough for 2 MiB pages throughout: a table for each GiB of RAM and a few for the image. */
EARLY static uint64_t tables_needed(const struct boot_info *info, uint64_t image_bytes)
{
    uint64_t pages = 16 + image_bytes / SIZE_2M + 2;
    for (uint32_t i = 0; i < info->range_count; i++)
        if (info->ranges[i].kind != BOOT_MEMORY_RESERVED)
            pages += info->ranges[i].length / SIZE_1G + 3;
    return pages * PAGE_BYTES;
}

EARLY static void mark(struct boot_info *info, uint64_t start, uint64_t length, enum boot_memory kind)
{
    if (boot_ranges_mark(info, start, length, kind) != OK)
        early_die("the memory map has too many ranges");
}

EARLY static void reserve_tables(struct boot_info *info, uint64_t image_bytes)
{
    uint64_t bytes = tables_needed(info, image_bytes);
    if (boot_ranges_find(info, bytes, LOW_1M, LIMIT_4G, &table_next) != OK)
        early_die("no memory for the first page tables");
    table_end = table_next + bytes;
}

EARLY static void reserve_low_page(struct boot_info *info)
{
    if (boot_ranges_find(info, PAGE_BYTES, PAGE_BYTES, LOW_640K, &early_low_page) == OK)
        mark(info, early_low_page, PAGE_BYTES, BOOT_MEMORY_RESERVED);
}

EARLY static void choose_bases(struct boot_info *info, uint64_t image_bytes)
{
    uint64_t state = info->seed[0] ^ 0x6b61736c72;
    uint64_t image_places = (IMAGE_REGION_BYTES - align_up(image_bytes, IMAGE_ALIGNMENT)) / IMAGE_ALIGNMENT;
    uint64_t highest = 0;
    for (uint32_t i = 0; i < info->range_count; i++)
        if (info->ranges[i].kind != BOOT_MEMORY_RESERVED)
            highest = info->ranges[i].start + info->ranges[i].length;
    uint64_t region = DIRECT_REGION_END - DIRECT_REGION_START;
    if (highest + 2 * SIZE_1G > region)
        early_die("more memory than the direct map can hold (64 TiB)");
    uint64_t direct_places = (region - highest) / SIZE_1G - 1;
    info->kernel_virtual = IMAGE_REGION_START + next_random(&state) % image_places * IMAGE_ALIGNMENT;
    direct_map_base = DIRECT_REGION_START + next_random(&state) % direct_places * SIZE_1G;
}

EARLY uint64_t early_start(const struct boot_info *from, uint64_t image_physical)
{
    struct boot_info *info = &boot_information;
    memcpy(info, from, sizeof *info);
    if (info->magic != BOOT_MAGIC || info->version != BOOT_VERSION)
        early_die("the loader's boot_info is not of this version");
    if (asm_read_cr4() & CR4_LA57)
        early_die("the firmware left five-level paging on");
    uint64_t image_bytes = (uint64_t)(__image_end - __image_start);
    info->kernel_physical = image_physical;
    info->kernel_bytes = image_bytes;
    mark(info, image_physical, image_bytes, BOOT_MEMORY_KERNEL);
    if (info->initfs_bytes)
        mark(info, info->initfs_physical, info->initfs_bytes, BOOT_MEMORY_INITFS);
    choose_seed(info);
    choose_bases(info, image_bytes);
    relocate(image_physical, info->kernel_virtual - IMAGE_REGION_START);

    reserve_low_page(info);
    reserve_tables(info, image_bytes);
    uint64_t tables_top = table_end;
    uint64_t *top = new_table();
    map_image(top, image_physical, info->kernel_virtual, image_bytes);
    map_memory(top, info);
    /* The way out of the identity map, which arch_high_start closes behind us. */
    map_image(top, image_physical, image_physical, image_bytes);
    mark(info, table_end, tables_top - table_end, BOOT_MEMORY_KERNEL);
    asm_write_msr(MSR_EFER, asm_read_msr(MSR_EFER) | EFER_NXE);
    asm_write_cr0(asm_read_cr0() | CR0_WP);
    return (uint64_t)top;
}
