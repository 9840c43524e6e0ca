/* SPDX-License-Identifier: MIT
 * Printing structures as they are on the disk. Nothing here trusts what it prints. */
#include "fs/redoxfs/format.h"
#include "tool.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void print_pointer(const char *what, struct redoxfs_pointer p)
{
    if (pointer_is_marker(p))
        printf("%s: marker, %" PRIu64 " levels\n", what, p.address & 15);
    else if (pointer_is_null(p))
        printf("%s: none\n", what);
    else
        printf("%s: block %" PRIu64 ", level %u%s, checksum %016" PRIx64 "\n", what, pointer_index(p), pointer_level(p),
               pointer_expanded_level(p) ? ", compressed" : "", p.hash);
}

static void print_header(void)
{
    printf("base: block %" PRIu64 "\nsize: %" PRIu64 " blocks\ngeneration: %" PRIu64 " in slot %" PRIu64 "\nuuid: ", fs.base, fs.block_count,
           fs.generation, fs.generation % RING_SLOTS);
    for (int i = 0; i < 16; i++)
        printf("%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", fs.uuid[i]);
    printf("\nencrypted: %s\n", fs.cipher ? "yes" : "no");
    print_pointer("tree", fs.tree);
    print_pointer("log", fs.alloc);
    print_pointer("release list", fs.release);
}

static void print_ring(void)
{
    static uint8_t bytes[REDOXFS_BLOCK_BYTES];
    for (uint32_t slot = 0; slot < RING_SLOTS; slot++) {
        struct view block = {bytes, sizeof bytes};
        if (fs.disk.read(fs.disk.context, fs.base + slot, (struct span){bytes, sizeof bytes}) != OK)
            printf("slot %u: unreadable\n", slot);
        else if (memcmp(bytes, "RedoxFS", 8) == 0)
            printf("slot %u: generation %" PRIu64 ", tree at block %" PRIu64 "%s\n", slot, u64_at(block, HEADER_GENERATION),
                   pointer_index(pointer_at(block, HEADER_TREE)), u64_at(block, HEADER_GENERATION) == fs.generation ? " (newest)" : "");
    }
}

static enum status print_log(void)
{
    for (struct redoxfs_pointer p = fs.alloc; !pointer_is_null(p);) {
        struct view block;
        enum status status = volume_block(&fs, p, &block);
        print_pointer("log block", p);
        if (status != OK)
            return status;
        for (uint32_t i = 0; i < ALLOC_ENTRIES; i++) {
            int64_t count = (int64_t)u64_at(block, 24 + 16 * i);
            if (count)
                printf("  %s %" PRIu64 " from block %" PRIu64 "\n", count > 0 ? "frees" : "takes", count > 0 ? (uint64_t)count : -(uint64_t)count,
                       u64_at(block, 16 + 16 * i));
        }
        p = pointer_at(block, 0);
    }
    return OK;
}

static enum status print_node(uint32_t id)
{
    static struct redoxfs_node node;
    enum status status = redoxfs_node_read(&fs, id, &node);
    if (status != OK)
        return status;
    printf("node %u: mode %06o, uid %u, gid %u, links %u, size %" PRIu64 ", blocks %" PRIu64 ", record level %u%s\n", id, node.mode, node.uid,
           node.gid, node.links, node.size_bytes, node.blocks, node.record_level, node.is_inline ? ", inline" : "");
    printf("created %" PRIu64 ".%09u, modified %" PRIu64 ".%09u, read %" PRIu64 ".%09u\n", node.create.seconds, node.create.ns,
           node.modify.seconds, node.modify.ns, node.access.seconds, node.access.ns);
    for (uint32_t height = 0; !node.is_inline && height <= INDIRECT_HEIGHT_MAX; height++)
        for (uint32_t slot = 0; slot < area_slots(height); slot++) {
            char name[32];
            struct redoxfs_pointer p = area_pointer(&node, height, slot);
            snprintf(name, sizeof name, "  level %u, %u", height, slot);
            if (!pointer_is_null(p))
                print_pointer(name, p);
        }
    return OK;
}

static enum status print_directory(uint32_t id)
{
    static struct redoxfs_node node;
    struct redoxfs_cursor cursor = {0};
    struct redoxfs_entry entry;
    enum status status = redoxfs_node_read(&fs, id, &node);
    if (status != OK)
        return status;
    while ((status = redoxfs_directory_next(&fs, &node, &cursor, &entry)) == OK)
        printf("%08x node %u %.*s\n", name_hash((struct view){entry.name, entry.name_length}), entry.id, entry.name_length, entry.name);
    return status == ERR_NOT_FOUND ? OK : status;
}

static enum status print_tree(struct redoxfs_pointer p, uint32_t levels, uint32_t id)
{
    if (pointer_is_null(p))
        return OK;
    if (levels == 0) {
        printf("node %u at block %" PRIu64 "\n", id, pointer_index(p));
        return OK;
    }
    for (uint32_t slot = 0; slot < TREE_FANOUT; slot++) {
        struct view list;
        enum status status = volume_block(&fs, p, &list);
        if (status == OK)
            status = print_tree(pointer_at(list, slot * POINTER_BYTES), levels - 1, id | slot << (8 * (levels - 1)));
        if (status != OK)
            return status;
    }
    return OK;
}

static enum status print_block(uint64_t index)
{
    static uint8_t bytes[REDOXFS_BLOCK_BYTES];
    if (index >= fs.block_count)
        return ERR_OUT_OF_RANGE;
    enum status status = fs.disk.read(fs.disk.context, fs.base + index, (struct span){bytes, sizeof bytes});
    if (status == OK && index >= RING_SLOTS)
        status = volume_turn(&fs, false, index, (struct span){bytes, sizeof bytes});
    for (size_t at = 0; status == OK && at < sizeof bytes; at += 16) {
        printf("%04zx ", at);
        for (size_t i = 0; i < 16; i++)
            printf(" %02x", bytes[at + i]);
        printf("  ");
        for (size_t i = 0; i < 16; i++)
            putchar(bytes[at + i] >= ' ' && bytes[at + i] < 127 ? bytes[at + i] : '.');
        putchar('\n');
    }
    return status;
}

int tool_debug(int count, char **words)
{
    const char *what = count > 2 ? words[2] : "header";
    bool takes_number = strcmp(what, "node") == 0 || strcmp(what, "block") == 0 || strcmp(what, "dir") == 0;
    if (count < 2 || count != (takes_number ? 4 : count > 2 ? 3 : 2))
        return usage();
    uint64_t number = takes_number ? strtoull(words[3], nullptr, 0) : 0;
    image_open(words[1], false);
    enum status status = OK;
    if (strcmp(what, "header") == 0)
        print_header();
    else if (strcmp(what, "ring") == 0)
        print_ring();
    else if (strcmp(what, "log") == 0)
        status = print_log();
    else if (strcmp(what, "tree") == 0)
        status = print_tree(fs.tree, TREE_LEVELS, 0);
    else if (strcmp(what, "node") == 0)
        status = number > UINT32_MAX ? ERR_NOT_FOUND : print_node((uint32_t)number);
    else if (strcmp(what, "dir") == 0)
        status = number > UINT32_MAX ? ERR_NOT_FOUND : print_directory((uint32_t)number);
    else if (strcmp(what, "block") == 0)
        status = print_block(number);
    else
        return usage();
    if (status != OK)
        die(words[1], sentence(status));
    return 0;
}
