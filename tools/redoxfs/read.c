/* SPDX-License-Identifier: MIT
 * Looking into a volume: list, ls, cat, extract. The image is not changed, and nothing in it can name a place outside the directory that
 * is extracted to. */
#include "tool.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_LENGTH_MAX = 4096, DEPTH_MAX = 200 };

/* Numbers of nodes that were met, and the path of the first meeting. */
struct met { uint32_t id; char *path; };

static int met_compare(const void *a, const void *b)
{
    const struct met *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

/* The path under which `id` was met before, or null and from now on it has been. */
static const char *meet(uint32_t id, const char *path)
{
    static void *tree;
    struct met *met = malloc(sizeof *met), **found;
    if (!met)
        die(path, "out of memory");
    *met = (struct met){id, strdup(path)};
    found = tsearch(met, &tree, met_compare);
    if (!found || !met->path)
        die(path, "out of memory");
    if (*found == met)
        return nullptr;
    free(met->path);
    free(met);
    return (*found)->path;
}

static bool is_type(const struct redoxfs_node *node, uint16_t type)
{
    return (node->mode & REDOXFS_TYPE) == type;
}

/* An extracted directory is filled; making things in it changed its time. */
static void leave_directory(const char *path, const struct redoxfs_node *node, int directory)
{
    struct timespec times[2] = {{(time_t)node->access.seconds, node->access.ns}, {(time_t)node->modify.seconds, node->modify.ns}};
    if (fchmod(directory, node->mode & 01777) != 0 || futimens(directory, times) != 0)
        complain(path, strerror(errno));
}

/* Visits what a path names, and everything below it; `into` is where extract has put the parent. */
typedef int visit(const char *path, const char *name, const struct redoxfs_node *node, int into);

static void walk(char *path, const char *name, uint32_t id, unsigned depth, visit *visit, int into)
{
    struct redoxfs_node node;
    struct redoxfs_cursor cursor = {0};
    struct redoxfs_entry entry;
    enum status status = redoxfs_node_read(&fs, id, &node);
    if (status != OK)
        return complain(path, sentence(status));
    int below = visit(path, name, &node, into);
    if (!is_type(&node, REDOXFS_DIRECTORY) || below == -1)
        return;
    size_t length = strlen(path);
    while ((status = redoxfs_directory_next(&fs, &node, &cursor, &entry)) == OK) {
        int added = snprintf(path + length, PATH_LENGTH_MAX - length, "%s%.*s", length > 1 ? "/" : "", entry.name_length, entry.name);
        char child[REDOXFS_NAME_MAX + 1];
        snprintf(child, sizeof child, "%.*s", entry.name_length, entry.name);
        if (depth == DEPTH_MAX || added < 0 || (size_t)added >= PATH_LENGTH_MAX - length)
            complain(path, "too deep");
        else
            walk(path, child, entry.id, depth + 1, visit, below);
        path[length] = 0;
    }
    if (status != ERR_NOT_FOUND)
        complain(path, sentence(status));
    if (below <= 0 || below == into)
        return;
    leave_directory(path, &node, below);
    close(below);
}

static void walk_all(visit *visit, int into)
{
    char path[PATH_LENGTH_MAX] = "/";
    walk(path, ".", REDOXFS_ROOT, 0, visit, into);
}

static const char *type_name(const struct redoxfs_node *node)
{
    return is_type(node, REDOXFS_FILE) ? "file" : is_type(node, REDOXFS_DIRECTORY) ? "dir" : is_type(node, REDOXFS_LINK) ? "symlink" : "sock";
}

static void print_time(struct redoxfs_time time)
{
    printf("\t%" PRIu64 ".%09u", time.seconds, time.ns);
}

/* Control characters of a hostile name stay out of the terminal. */
static void print_path(const char *path)
{
    for (; *path; path++)
        if (*path == '\n')
            printf("\\n");
        else if ((unsigned char)*path < ' ' || *path == 127)
            printf("\\%03o", (unsigned char)*path);
        else
            putchar(*path);
}

static int list_one(const char *path, const char *name, const struct redoxfs_node *node, int into)
{
    (void)name;
    print_path(path);
    printf("\t%s\t%o\t%u\t%u\t%u\t%" PRIu64 "\t%" PRIu64 "\t%u", type_name(node), node->mode & 07777u, node->uid, node->gid, node->links,
           node->size_bytes, node->blocks, node->id);
    print_time(node->create);
    print_time(node->modify);
    print_time(node->access);
    putchar('\n');
    if (is_type(node, REDOXFS_DIRECTORY) && meet(node->id, path)) {
        complain(path, "a directory with a second name; not entered");
        return -1;
    }
    return into;
}

static enum status find(const char *path, struct redoxfs_node *out)
{
    struct view rest = view_of_string(path), name;
    uint32_t id = REDOXFS_ROOT;
    enum status status = redoxfs_node_read(&fs, id, out);
    while (status == OK && rest.length) {
        view_split(rest, '/', &name, &rest);
        if (name.length == 0)
            continue;
        status = redoxfs_lookup(&fs, out, name, &id);
        if (status == OK)
            status = redoxfs_node_read(&fs, id, out);
    }
    return status;
}

int tool_cat(int count, char **words)
{
    if (count != 3)
        return usage();
    image_open(words[1], false);
    const char *path = words[2];
    static uint8_t bytes[REDOXFS_RECORD_BYTES_MAX];
    struct redoxfs_node node;
    enum status status = find(path, &node);
    size_t got = 0;
    for (uint64_t at = 0; status == OK; at += got) {
        status = redoxfs_read(&fs, &node, at, SPAN_OF_ARRAY(bytes), &got);
        if (status != OK || got == 0)
            break;
        if (fwrite(bytes, 1, got, stdout) != got)
            die("standard output", strerror(errno));
    }
    if (status != OK)
        complain(path, sentence(status));
    return failures;
}

/* Stored parts are written, holes stay holes. */
static enum status copy_contents(const struct redoxfs_node *node, int file)
{
    static uint8_t bytes[REDOXFS_RECORD_BYTES_MAX];
    uint64_t at = 0;
    enum status status;
    size_t got;
    if (node->size_bytes > INT64_MAX || ftruncate(file, (off_t)node->size_bytes) != 0)
        return ERR_FILE_TOO_BIG;
    while ((status = redoxfs_find_data(&fs, node, at, &at)) == OK && at < node->size_bytes) {
        size_t wanted = sizeof bytes - at % sizeof bytes;
        status = redoxfs_read(&fs, node, at, (struct span){bytes, wanted}, &got);
        if (status != OK)
            return status;
        if (pwrite(file, bytes, got, (off_t)at) != (ssize_t)got)
            return ERR_IO;
        at += got;
    }
    return status;
}

static void set_times(const struct redoxfs_node *node, int into, const char *name)
{
    struct timespec times[2] = {{(time_t)node->access.seconds, node->access.ns}, {(time_t)node->modify.seconds, node->modify.ns}};
    (void)utimensat(into, name, times, AT_SYMLINK_NOFOLLOW);
}

static void extract_file(const char *path, const char *name, const struct redoxfs_node *node, int into)
{
    int file = openat(into, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return complain(path, strerror(errno));
    enum status status = copy_contents(node, file);
    if (status != OK)
        complain(path, sentence(status));
    if (fchmod(file, node->mode & 0777) != 0) /* set-user-id would be for whoever extracts */
        complain(path, strerror(errno));
    close(file);
    set_times(node, into, name);
}

static void extract_link(const char *path, const char *name, const struct redoxfs_node *node, int into)
{
    uint8_t target[PATH_LENGTH_MAX];
    size_t length;
    enum status status = redoxfs_read(&fs, node, 0, (struct span){target, sizeof target - 1}, &length);
    if (status != OK || length < node->size_bytes)
        return complain(path, status == OK ? "the target is too long for this machine" : sentence(status));
    target[length] = 0;
    if (symlinkat((char *)target, into, name) != 0)
        return complain(path, strerror(errno));
    set_times(node, into, name);
}

static int root_directory;

static int extract_directory(const char *path, const char *name, int into)
{
    if (into >= 0 && path[1] != 0 && mkdirat(into, name, 0755) != 0) {
        complain(path, strerror(errno));
        return -1;
    }
    int directory = openat(into, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0)
        complain(path, strerror(errno));
    return directory;
}

/* What is made is made in a directory that this program made, and never through a link. */
static int extract_one(const char *path, const char *name, const struct redoxfs_node *node, int into)
{
    bool is_directory = is_type(node, REDOXFS_DIRECTORY);
    const char *earlier = is_directory || node->links > 1 ? meet(node->id, path) : nullptr;
    if (earlier && is_directory) {
        complain(path, "a directory with a second name; not entered");
        return -1;
    }
    if (earlier) {
        if (linkat(root_directory, earlier + 1, into, name, 0) != 0)
            complain(path, strerror(errno));
    } else if (is_directory) {
        return extract_directory(path, name, into);
    } else if (is_type(node, REDOXFS_FILE)) {
        extract_file(path, name, node, into);
    } else if (is_type(node, REDOXFS_LINK)) {
        extract_link(path, name, node, into);
    } else {
        fprintf(stderr, "redoxfs: %s: a socket, left out\n", path);
    }
    return -1;
}

int tool_extract(int count, char **words)
{
    if (count != 3)
        return usage();
    image_open(words[1], false);
    const char *to = words[2];
    root_directory = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root_directory < 0)
        die(to, strerror(errno));
    walk_all(extract_one, root_directory);
    return failures;
}

int tool_list(int count, char **words)
{
    if (count != 2)
        return usage();
    image_open(words[1], false);
    walk_all(list_one, 0);
    return failures;
}

static void mode_text(uint16_t mode, char out[11])
{
    uint16_t type = mode & REDOXFS_TYPE;
    out[0] = type == REDOXFS_DIRECTORY ? 'd' : type == REDOXFS_LINK ? 'l' : type == REDOXFS_SOCKET ? 's' : '-';
    for (int i = 0; i < 9; i++)
        out[1 + i] = mode & (0400 >> i) ? "rwx"[i % 3] : '-';
    if (mode & 04000)
        out[3] = mode & 0100 ? 's' : 'S';
    if (mode & 02000)
        out[6] = mode & 010 ? 's' : 'S';
    if (mode & 01000)
        out[9] = mode & 1 ? 't' : 'T';
    out[10] = 0;
}

static void ls_line(const char *name, const struct redoxfs_node *node)
{
    char mode[11], when[32];
    time_t seconds = (time_t)node->modify.seconds;
    struct tm parts;
    mode_text(node->mode, mode);
    strftime(when, sizeof when, "%F %T", gmtime_r(&seconds, &parts));
    printf("%s %3u %5u %5u %10" PRIu64 " %s ", mode, node->links, node->uid, node->gid, node->size_bytes, when);
    print_path(name);
    putchar('\n');
}

/* Names of a directory, or the one file; times are UTC. */
int tool_ls(int count, char **words)
{
    struct redoxfs_node node, child;
    struct redoxfs_cursor cursor = {0};
    struct redoxfs_entry entry;
    const char *path = count > 2 ? words[2] : "/";
    if (count != 2 && count != 3)
        return usage();
    image_open(words[1], false);
    enum status status = find(path, &node);
    if (status != OK)
        die(path, sentence(status));
    if (!is_type(&node, REDOXFS_DIRECTORY)) {
        ls_line(path, &node);
        return 0;
    }
    while ((status = redoxfs_directory_next(&fs, &node, &cursor, &entry)) == OK) {
        char name[REDOXFS_NAME_MAX + 1];
        snprintf(name, sizeof name, "%.*s", entry.name_length, entry.name);
        enum status read = redoxfs_node_read(&fs, entry.id, &child);
        if (read == OK)
            ls_line(name, &child);
        else
            complain(name, sentence(read));
    }
    if (status != ERR_NOT_FOUND)
        complain(path, sentence(status));
    return failures;
}
