/* SPDX-License-Identifier: MIT
 * Checking a volume: fsck, and scrub, which is the same reading for its checksums' sake. */
#include "redoxfs/check.h"
#include "tool.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_quiet;
static uint64_t foreign_names;

static void report(void *context, const struct redoxfs_problem *p)
{
    printf("%s: ", (const char *)context);
    if (p->node)
        printf("node %u: ", p->node);
    printf("%s %" PRIu64 "%s%s\n", p->what, p->number, p->status == OK ? "" : ": ", sentence(p->status));
}

/* Names that other implementations refuse; the format itself has room for them. */
static void count_foreign_names(char *image, uint32_t directory, unsigned depth)
{
    struct redoxfs_node node;
    struct redoxfs_cursor cursor = {0};
    struct redoxfs_entry entry;
    if (depth > 200 || redoxfs_node_read(&fs, directory, &node) != OK || (node.mode & REDOXFS_TYPE) != REDOXFS_DIRECTORY)
        return;
    while (redoxfs_directory_next(&fs, &node, &cursor, &entry) == OK) {
        if (memchr(entry.name, ':', entry.name_length)) {
            foreign_names++;
            if (!is_quiet)
                printf("%s: node %u: the name %.*s has a colon, which other implementations refuse\n", image, entry.id, entry.name_length, entry.name);
        }
        count_foreign_names(image, entry.id, depth + 1);
    }
}

static struct redoxfs_check check_all(char *image)
{
    struct redoxfs_check c = {.fs = &fs, .state = calloc(fs.block_count + 1, 1), .names = calloc(fs.block_count + 1, sizeof(uint32_t)),
                              .report = report, .context = image};
    if (!c.state || !c.names)
        die(image, "out of memory");
    enum status status = redoxfs_check(&c);
    if (status != OK)
        die(image, sentence(status));
    return c;
}

static void summary(char *image, const struct redoxfs_check *c)
{
    printf("%s: generation %" PRIu64 ", %" PRIu64 " nodes, %" PRIu64 " directories, %" PRIu64 " blocks used, %" PRIu64 " free, %" PRIu64
           " leaked, %" PRIu64 " problems\n",
           image, fs.generation, c->nodes, c->directories, c->used_blocks, c->free_blocks, c->leaked_blocks, c->problems);
}

static void check_free(struct redoxfs_check *c)
{
    free(c->state);
    free(c->names);
}

int tool_fsck(int count, char **words)
{
    char *image = nullptr;
    bool repairs = false;
    for (int i = 1; i < count; i++)
        if (strcmp(words[i], "--repair") == 0)
            repairs = true;
        else if (strcmp(words[i], "--quiet") == 0)
            is_quiet = true;
        else if (strcmp(words[i], "--check") != 0 && words[i][0] != '-' && !image)
            image = words[i];
        else
            return usage();
    if (!image || repairs)
        return usage();
    image_open(image, false);
    struct redoxfs_check c = check_all(image);
    count_foreign_names(image, REDOXFS_ROOT, 0);
    summary(image, &c);
    check_free(&c);
    return c.problems != 0;
}

int tool_scrub(int count, char **words)
{
    if (count != 2)
        return usage();
    image_open(words[1], false);
    struct redoxfs_check c = check_all(words[1]);
    printf("%s: %" PRIu64 " blocks read and compared with their checksums, %" PRIu64 " problems\n", words[1], c.used_blocks, c.problems);
    check_free(&c);
    return c.problems != 0;
}
