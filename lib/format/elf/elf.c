/* SPDX-License-Identifier: MIT
 * The ELF64 header, then each program header in the order of the file; every field is read through a reader that cannot leave the
 * bytes, and every sum of two of them is checked. Field names are those of the System V ABI, chapter 4 and 5. */
#include "elf/elf.h"
#include "abi/memory.h"
#include "base/checked.h"
#include "base/try.h"

enum : uint32_t { PT_LOAD = 1, PT_INTERP = 3, PT_GNU_STACK = 0x6474e551 };
enum : uint32_t { PF_EXECUTE = 1, PF_WRITE = 2, PF_READ = 4 };
enum : uint16_t { ET_EXEC = 2, ET_DYN = 3, EM_X86_64 = 62 };
#define PROGRAM_HEADER_BYTES 56u
#define PROGRAM_HEADERS_MAX 64u
#define INTERPRETER_MAX 4096u

struct file_header {
    uint16_t type, machine, phentsize, phnum;
    uint64_t entry, phoff;
};

struct program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, filesz, memsz;
};

static enum status read_file_header(struct view head, struct file_header *out)
{
    static const uint8_t identity[7] = {0x7f, 'E', 'L', 'F', 2 /* 64 bits */, 1 /* little endian */, 1 /* version */};
    struct reader r = reader_of(head);
    struct view ident;
    uint32_t version, flags;
    uint16_t ehsize;
    uint64_t shoff;
    TRY(read_view(&r, 16, &ident));
    if (!view_starts_with(ident, (struct view){identity, sizeof identity}))
        return ERR_BAD_FORMAT;
    TRY(read_u16le(&r, &out->type));
    TRY(read_u16le(&r, &out->machine));
    TRY(read_u32le(&r, &version));
    TRY(read_u64le(&r, &out->entry));
    TRY(read_u64le(&r, &out->phoff));
    TRY(read_u64le(&r, &shoff));
    TRY(read_u32le(&r, &flags));
    TRY(read_u16le(&r, &ehsize));
    TRY(read_u16le(&r, &out->phentsize));
    TRY(read_u16le(&r, &out->phnum));
    bool is_program = (out->type == ET_EXEC || out->type == ET_DYN) && out->machine == EM_X86_64 &&
                      out->phentsize == PROGRAM_HEADER_BYTES && out->phnum > 0 && out->phnum <= PROGRAM_HEADERS_MAX;
    return is_program ? OK : ERR_BAD_FORMAT;
}

static enum status read_program_header(struct reader *r, struct program_header *out)
{
    uint64_t paddr, align;
    TRY(read_u32le(r, &out->type));
    TRY(read_u32le(r, &out->flags));
    TRY(read_u64le(r, &out->offset));
    TRY(read_u64le(r, &out->vaddr));
    TRY(read_u64le(r, &paddr));
    TRY(read_u64le(r, &out->filesz));
    TRY(read_u64le(r, &out->memsz));
    return read_u64le(r, &align);
}

static uint32_t protection_of(uint32_t flags)
{
    return (flags & PF_READ ? PROT_READ_ : 0u) | (flags & PF_WRITE ? PROT_WRITE_ : 0u) | (flags & PF_EXECUTE ? PROT_EXECUTE_ : 0u);
}

static enum status add_segment(struct elf_image *image, const struct program_header *ph, uint64_t file_bytes)
{
    if (ph->memsz == 0)
        return OK;
    if (image->segment_count == ELF_SEGMENTS_MAX || ph->filesz > ph->memsz)
        return ERR_BAD_FORMAT;
    if (!range_fits(ph->offset, ph->filesz, file_bytes))
        return ERR_TRUNCATED;
    bool agrees = ph->filesz == 0 || (ph->vaddr - ph->offset) % PAGE_SIZE_BYTES == 0;
    if (!range_fits(ph->vaddr, ph->memsz, ELF_LIMIT) || !agrees)
        return ERR_BAD_FORMAT;
    if ((ph->flags & PF_WRITE) && (ph->flags & PF_EXECUTE))
        return ERR_NOT_PERMITTED;
    uint64_t first_page = align_down(ph->vaddr, PAGE_SIZE_BYTES);
    if (image->segment_count > 0 && first_page < image->highest)
        return ERR_BAD_FORMAT;
    if (image->segment_count == 0)
        image->lowest = first_page;
    image->highest = align_up(ph->vaddr + ph->memsz, PAGE_SIZE_BYTES);
    image->segments[image->segment_count++] = (struct elf_segment){
        .address = ph->vaddr, .memory_bytes = ph->memsz, .file_offset = ph->offset, .file_bytes = ph->filesz,
        .protection = protection_of(ph->flags)};
    return OK;
}

static enum status take_program_header(struct elf_image *image, const struct program_header *ph, uint64_t file_bytes)
{
    switch (ph->type) {
    case PT_LOAD:
        return add_segment(image, ph, file_bytes);
    case PT_INTERP:
        if (ph->filesz < 2 || ph->filesz > INTERPRETER_MAX || !range_fits(ph->offset, ph->filesz, file_bytes))
            return ERR_BAD_FORMAT;
        image->interpreter_offset = ph->offset;
        image->interpreter_bytes = ph->filesz;
        return OK;
    case PT_GNU_STACK:
        image->executable_stack = ph->flags & PF_EXECUTE;
        return OK;
    default:
        return OK;
    }
}

/* The program headers' own place in memory: the segment whose file range holds all of them. */
static uint64_t headers_in_memory(const struct elf_image *image, uint64_t phoff, uint64_t bytes)
{
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *s = &image->segments[i];
        if (phoff >= s->file_offset && range_fits(phoff - s->file_offset, bytes, s->file_bytes))
            return s->address + (phoff - s->file_offset);
    }
    return 0;
}

static bool entry_is_code(const struct elf_image *image)
{
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *s = &image->segments[i];
        if ((s->protection & PROT_EXECUTE_) && image->entry >= s->address && image->entry - s->address < s->memory_bytes)
            return true;
    }
    return false;
}

enum status elf_parse(struct view head, uint64_t file_bytes, struct elf_image *out)
{
    struct file_header header;
    TRY(read_file_header(head, &header));
    struct view table;
    uint64_t table_bytes = (uint64_t)header.phnum * PROGRAM_HEADER_BYTES;
    if (view_part(head, header.phoff, table_bytes, &table) != OK)
        return ERR_TRUNCATED;

    struct elf_image image = {.position_independent = header.type == ET_DYN, .entry = header.entry,
                              .header_count = header.phnum, .header_bytes = PROGRAM_HEADER_BYTES};
    struct reader r = reader_of(table);
    for (uint32_t i = 0; i < header.phnum; i++) {
        struct program_header ph;
        TRY(read_program_header(&r, &ph));
        TRY(take_program_header(&image, &ph, file_bytes));
    }
    if (!entry_is_code(&image))
        return ERR_BAD_FORMAT;
    if (!image.position_independent && image.lowest < USER_LOWEST)
        return ERR_BAD_FORMAT;
    image.headers_address = headers_in_memory(&image, header.phoff, table_bytes);
    *out = image;
    return OK;
}
