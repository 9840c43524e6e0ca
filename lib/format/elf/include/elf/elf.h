/* SPDX-License-Identifier: MIT
 * Reads what a program file asks for: ELF64, little endian, x86-64, fixed (EXEC) or position independent (DYN). Pure: looks at bytes
 * and answers with numbers; the kernel (for init), the loader of native programs and the personality map what it describes.
 *
 * What holds of an answer: segments ascend and share no page; file ranges lie in the file; memory ranges lie in the user half,
 * which for DYN means below ELF_LIMIT from a base of 0; offset and address agree within a page. */
#pragma once
#include "base/span.h"

#define ELF_SEGMENTS_MAX 16u
#define ELF_HEAD_BYTES 4096u      /* a prefix of this size holds all headers of any sane program */
#define ELF_LIMIT 0x00007ffffffff000ull

struct elf_segment {
    uint64_t address;             /* + base when position independent; not necessarily page aligned */
    uint64_t memory_bytes;        /* beyond file_bytes: zeros */
    uint64_t file_offset, file_bytes;
    uint32_t protection;          /* PROT_* of abi/memory.h; never write with execute */
    uint32_t reserved;
};

struct elf_image {
    bool     position_independent;
    bool     executable_stack;    /* asked for; nobody has to grant it */
    uint32_t segment_count;
    uint64_t entry;               /* + base */
    uint64_t lowest, highest;     /* page-aligned range of all segments; + base */
    uint64_t headers_address;     /* program headers in memory (+ base); 0 when no segment holds them */
    uint32_t header_count, header_bytes;
    uint64_t interpreter_offset, interpreter_bytes; /* its path in the file, with the zero; 0 bytes: none */
    struct elf_segment segments[ELF_SEGMENTS_MAX];
};

/* `head`: the first bytes of the file (all of it, or at least ELF_HEAD_BYTES); `file_bytes`: how long the whole file is.
 * BAD_FORMAT: not a program for this machine; TRUNCATED: head or file too short; NOT_PERMITTED: a segment both W and X. */
enum status elf_parse(struct view head, uint64_t file_bytes, struct elf_image *out);
