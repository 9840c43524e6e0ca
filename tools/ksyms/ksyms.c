/* SPDX-License-Identifier: MIT
 * ksyms: reads `nm -n` of the linked kernel and writes the assembly of its symbol table (kernel/core/symbols.c reads it).
 * An empty input gives an empty table, for the first of the two links. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 96
struct entry { uint64_t address; char name[NAME_BYTES]; };

static struct entry *entries;
static size_t entry_count, entry_room;

static void add(uint64_t address, const char *name)
{
    if (entry_count && entries[entry_count - 1].address == address)
        return; /* one name is enough */
    if (entry_count == entry_room) {
        entry_room = entry_room ? entry_room * 2 : 1024;
        entries = realloc(entries, entry_room * sizeof *entries);
        if (!entries) {
            fprintf(stderr, "ksyms: out of memory\n");
            exit(1);
        }
    }
    entries[entry_count].address = address;
    snprintf(entries[entry_count++].name, NAME_BYTES, "%s", name);
}

static uint64_t read_symbols(FILE *in)
{
    char line[512], kind, name[256];
    unsigned long address;
    uint64_t start = 0;
    while (fgets(line, sizeof line, in)) {
        if (sscanf(line, "%lx %c %255s", &address, &kind, name) != 3)
            continue;
        if (strcmp(name, "__image_start") == 0)
            start = address;
        else if ((kind == 't' || kind == 'T') && strncmp(name, "__cfi_", 6) != 0 && name[0] != '.')
            add(address, name);
    }
    return start;
}

static void write_table(FILE *out, uint64_t start)
{
    size_t at = 0;
    fprintf(out, "/* Made by tools/ksyms. */\n.section .symbols, \"a\"\n.balign 8\n.global kernel_symbols\n.hidden kernel_symbols\n"
                 "kernel_symbols:\n.long %zu, 0\n", entry_count);
    for (size_t i = 0; i < entry_count; i++) {
        fprintf(out, ".long 0x%lx, 0x%zx\n", (unsigned long)(entries[i].address - start), at);
        at += strlen(entries[i].name) + 1;
    }
    for (size_t i = 0; i < entry_count; i++)
        fprintf(out, ".asciz \"%s\"\n", entries[i].name);
    fprintf(out, ".section .note.GNU-stack, \"\", @progbits\n");
}

int main(void)
{
    uint64_t start = read_symbols(stdin);
    write_table(stdout, start);
    return ferror(stdout) ? 1 : 0;
}
