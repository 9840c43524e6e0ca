/* SPDX-License-Identifier: MIT
 * Checking a volume: fsck, and scrub, which is the same reading for its checksums' sake. */
#include "redoxfs/repair.h"
#include "tool.h"
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_quiet;
static uint64_t foreign_names;

static void progress_end(void);

static void report(void *context, const struct redoxfs_problem *p)
{
    progress_end();
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

/* -- progress: a line on the terminal that the next one replaces -------------------------------------------------------- */

static bool shows_progress, is_line_open;

/* Ten times a second at most. */
static bool is_time(void)
{
    static struct redoxfs_time last;
    struct redoxfs_time now = time_now();
    if (!shows_progress || (now.seconds == last.seconds && now.ns - last.ns < 100000000))
        return false;
    last = now;
    return is_line_open = true;
}

static void progress(const struct redoxfs_check *c)
{
    if (is_time())
        fprintf(stderr, "\r%s: %" PRIu64 " MiB of at most %" PRIu64 ", %" PRIu64 " nodes, %" PRIu64 " problems ", (const char *)c->context,
                c->used_blocks / 256, c->fs->block_count / 256, c->nodes, c->problems);
}

static void progress_of_repair(const char *what, uint32_t node)
{
    if (is_time())
        fprintf(stderr, "\r%s: node %u ", what, node);
}

static void progress_end(void)
{
    if (is_line_open)
        fputs("\r\033[K", stderr);
    is_line_open = false;
}

static struct redoxfs_check check_all(char *image)
{
    struct redoxfs_check c = {.fs = &fs, .state = calloc(fs.block_count + 1, 1), .names = calloc(fs.block_count + 1, sizeof(uint32_t)),
                              .report = report, .context = image, .progress = progress};
    if (!c.state || !c.names)
        die(image, "out of memory");
    enum status status = redoxfs_check(&c);
    progress_end();
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

/* -- repair: space and log anew, then names that lead nowhere, then counts, then what has no name ----------------------- */

#define LOST_AND_FOUND "lost+found"

struct counted { uint32_t id, names; };
static void *counts;

static int counted_compare(const void *a, const void *b)
{
    const struct counted *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static struct counted *counted(uint32_t id)
{
    struct counted *c = malloc(sizeof *c);
    if (!c)
        die("repair", "out of memory");
    *c = (struct counted){id, 0};
    struct counted **found = tsearch(c, &counts, counted_compare);
    if (!found)
        die("repair", "out of memory");
    if (*found != c)
        free(c);
    return *found;
}

static void must(const char *what, enum status status)
{
    if (status != OK)
        die(what, sentence(status));
}

/* Counts the names of a directory and of those below, each entered by its first name. False: a name led nowhere and was taken away. */
static bool count_names_once(uint32_t directory)
{
    struct redoxfs_node node, child;
    struct redoxfs_cursor cursor = {0};
    struct redoxfs_entry entry;
    progress_of_repair("counting names", directory);
    if (redoxfs_node_read(&fs, directory, &node) != OK)
        return true;
    while (redoxfs_directory_next(&fs, &node, &cursor, &entry) == OK) {
        enum status status = redoxfs_node_read(&fs, entry.id, &child);
        if (status == ERR_NOT_FOUND) {
            printf("taking away the name %.*s, which leads nowhere\n", entry.name_length, entry.name);
            must("a name that leads nowhere", redoxfs_repair_name(&fs, directory, (struct view){entry.name, entry.name_length}));
            return false;
        }
        if (status == OK && counted(entry.id)->names++ == 0 && (child.mode & REDOXFS_TYPE) == REDOXFS_DIRECTORY &&
            !count_names_once(entry.id))
            return false;
    }
    return true;
}

/* After a name was taken away places in directories have moved: all is counted again, from none. */
static void count_names(void)
{
    do {
        counts = nullptr;
        counted(REDOXFS_ROOT)->names = 1;
    } while (!count_names_once(REDOXFS_ROOT));
}

static uint32_t lost_and_found(void)
{
    struct redoxfs_node root;
    uint32_t id;
    struct redoxfs_attributes a = {.mode = REDOXFS_DIRECTORY | 0700, .now = time_now()};
    must("the root", redoxfs_node_read(&fs, REDOXFS_ROOT, &root));
    if (redoxfs_lookup(&fs, &root, VIEW_OF_LITERAL(LOST_AND_FOUND), &id) == OK)
        return id;
    must(LOST_AND_FOUND, redoxfs_create(&fs, REDOXFS_ROOT, VIEW_OF_LITERAL(LOST_AND_FOUND), &a, &id));
    counted(id)->names = 1;
    return id;
}

static void give_name(uint32_t id)
{
    char name[16];
    int length = snprintf(name, sizeof name, "#%u", id);
    must("a node without a name", redoxfs_repair_node(&fs, id, 0));
    must("a node without a name", redoxfs_link(&fs, lost_and_found(), (struct view){(uint8_t *)name, (size_t)length}, id, time_now()));
    printf("node %u had no name and has %s now\n", id, "/" LOST_AND_FOUND);
    counted(id)->names = 1;
}

static void repair_nodes(void)
{
    struct redoxfs_node node;
    for (uint32_t id = 0; redoxfs_node_next(&fs, id, &id) == OK;) {
        progress_of_repair("repairing", id);
        if (redoxfs_node_read(&fs, id, &node) != OK || redoxfs_is_orphan(&fs, id))
            continue;
        if (counted(id)->names == 0) {
            give_name(id);
            if ((node.mode & REDOXFS_TYPE) == REDOXFS_DIRECTORY)
                while (!count_names_once(id))
                    continue;
        } else {
            enum status status = redoxfs_repair_node(&fs, id, counted(id)->names);
            if (status != OK)
                printf("node %u could not be repaired: %s\n", id, sentence(status));
        }
    }
}

static void repair(const char *image, const struct redoxfs_check *c)
{
    struct redoxfs_write_options options = image_options();
    must(image, redoxfs_open_repair(image_disk(image, true, 0), &options, c->state, &fs));
    count_names();
    repair_nodes();
    progress_end();
    image_commit(image);
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
    shows_progress = isatty(STDERR_FILENO);
    for (int i = 1; i < count; i++)
        if (strcmp(words[i], "--repair") == 0)
            repairs = true;
        else if (strcmp(words[i], "--quiet") == 0)
            is_quiet = true;
        else if (strcmp(words[i], "--progress") == 0)
            shows_progress = true;
        else if (strcmp(words[i], "--check") != 0 && words[i][0] != '-' && !image)
            image = words[i];
        else
            return usage();
    if (!image)
        return usage();
    image_open(image, false);
    struct redoxfs_check c = check_all(image);
    count_foreign_names(image, REDOXFS_ROOT, 0);
    summary(image, &c);
    if (repairs && (c.problems || c.leaked_blocks)) {
        repair(image, &c);
        check_free(&c);
        image_open(image, false);
        c = check_all(image);
        summary(image, &c);
        printf("%s: %s\n", image, c.problems ? "repaired, but for the problems just named" : "repaired");
    }
    check_free(&c);
    return c.problems != 0;
}

int tool_scrub(int count, char **words)
{
    if (count != 2)
        return usage();
    shows_progress = isatty(STDERR_FILENO);
    image_open(words[1], false);
    struct redoxfs_check c = check_all(words[1]);
    printf("%s: %" PRIu64 " blocks read and compared with their checksums, %" PRIu64 " problems\n", words[1], c.used_blocks, c.problems);
    check_free(&c);
    return c.problems != 0;
}
