/* SPDX-License-Identifier: MIT
 * mkinitfs OUT LIST...
 * A list is lines of words; # starts a comment. Paths inside have no leading slash; missing parent directories appear by themselves.
 *     directory PATH MODE                 uid and gid 0, as everywhere
 *     file PATH MODE SOURCE               a file of the build machine
 *     program PATH SOURCE                 the same, mode 755; left out, with a word on standard error, while it is not built
 *     files FOLDER MODE SOURCE-FOLDER     every file of a folder
 *     link PATH TARGET
 *     text PATH MODE WORD...              the words and a line end, as contents
 * Times are 0 unless SOURCE_DATE_EPOCH says otherwise, so that the same inputs give the same image. */
#include "initfs/initfs.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SOURCES_MAX = 8192, WORDS_MAX = 16, LINE_MAX_BYTES = 4096 };

static struct initfs_source sources[SOURCES_MAX];
static uint32_t source_count;
static int64_t modify_ns;
static const char *list_path;
static unsigned line_number;

[[noreturn]] static void die(const char *what, const char *which)
{
    fprintf(stderr, "mkinitfs: %s:%u: %s: %s\n", list_path ? list_path : "-", line_number, which, what);
    exit(1);
}

static void *must(void *memory)
{
    if (!memory)
        die("out of memory", "mkinitfs");
    return memory;
}

static struct view copy_of(const char *text)
{
    return view_of_string(must(strdup(text)));
}

static bool exists(struct view path)
{
    for (uint32_t i = 0; i < source_count; i++)
        if (view_equal(sources[i].path, path))
            return true;
    return false;
}

static void add(struct view path, struct view data, uint32_t type, uint32_t mode)
{
    if (source_count == SOURCES_MAX)
        die("too many entries", "mkinitfs");
    sources[source_count++] = (struct initfs_source){.path = path, .data = data, .type = type, .mode = mode, .modify_ns = modify_ns};
}

/* The directories above `path` that no line has named. */
static void add_parents(struct view path)
{
    for (size_t i = 0; i < path.length; i++) {
        struct view parent = {path.data, i};
        if (path.data[i] == '/' && !exists(parent))
            add(parent, (struct view){}, FILE_DIRECTORY, 0755);
    }
}

/* A path named again replaces what was there: a later list overrides an earlier one. */
static void add_new(const char *text, struct view data, uint32_t type, uint32_t mode)
{
    struct view path = copy_of(text);
    for (uint32_t i = 0; i < source_count; i++) {
        if (view_equal(sources[i].path, path)) {
            sources[i] = (struct initfs_source){.path = path, .data = data, .type = type, .mode = mode, .modify_ns = modify_ns};
            return;
        }
    }
    add_parents(path);
    add(path, data, type, mode);
}

static bool load(const char *path, struct view *out)
{
    struct stat about;
    FILE *from = fopen(path, "rb");
    if (!from || fstat(fileno(from), &about) != 0)
        return false;
    size_t size = (size_t)about.st_size;
    uint8_t *bytes = must(malloc(size + 1));
    if (fread(bytes, 1, size, from) != size)
        die("cannot be read", path);
    (void)fclose(from);
    *out = (struct view){bytes, size};
    return true;
}

static uint32_t parse_mode(const char *text)
{
    char *end;
    unsigned long mode = strtoul(text, &end, 8);
    if (*end || end == text || mode > 07777)
        die("not an octal mode", text);
    return (uint32_t)mode;
}

static void add_file(const char *path, uint32_t mode, const char *source)
{
    struct view data;
    if (!load(source, &data))
        die(strerror(errno), source);
    add_new(path, data, FILE_REGULAR, mode);
}

static void add_program(const char *path, const char *source)
{
    struct view data;
    if (load(source, &data))
        add_new(path, data, FILE_REGULAR, 0755);
    else
        fprintf(stderr, "mkinitfs: %s is not built yet, /%s is left out\n", source, path);
}

static void add_files(const char *folder, uint32_t mode, const char *source_folder)
{
    struct dirent *entry;
    DIR *from = opendir(source_folder);
    if (!from)
        die(strerror(errno), source_folder);
    while ((entry = readdir(from))) {
        char source[LINE_MAX_BYTES], path[LINE_MAX_BYTES];
        struct stat about;
        (void)snprintf(source, sizeof source, "%s/%s", source_folder, entry->d_name);
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && stat(source, &about) == 0 && S_ISREG(about.st_mode))
            add_file(path, mode, source);
    }
    (void)closedir(from);
}

static void add_text(char **words, size_t count)
{
    char text[LINE_MAX_BYTES] = "";
    for (size_t i = 3; i < count; i++) {
        (void)strncat(text, words[i], sizeof text - strlen(text) - 2);
        (void)strncat(text, i + 1 < count ? " " : "\n", 2);
    }
    add_new(words[1], copy_of(text), FILE_REGULAR, parse_mode(words[2]));
}

static void do_words(char **words, size_t count)
{
    if (!strcmp(words[0], "directory") && count == 3)
        add_new(words[1], (struct view){}, FILE_DIRECTORY, parse_mode(words[2]));
    else if (!strcmp(words[0], "file") && count == 4)
        add_file(words[1], parse_mode(words[2]), words[3]);
    else if (!strcmp(words[0], "program") && count == 3)
        add_program(words[1], words[2]);
    else if (!strcmp(words[0], "files") && count == 4)
        add_files(words[1], parse_mode(words[2]), words[3]);
    else if (!strcmp(words[0], "link") && count == 3)
        add_new(words[1], copy_of(words[2]), FILE_SYMLINK, 0777);
    else if (!strcmp(words[0], "text") && count >= 3)
        add_text(words, count);
    else
        die("not a line that mkinitfs knows", words[0]);
}

static void do_list(const char *path)
{
    char line[LINE_MAX_BYTES];
    FILE *from = fopen(path, "r");
    list_path = path;
    line_number = 0;
    if (!from)
        die(strerror(errno), path);
    while (fgets(line, sizeof line, from)) {
        char *words[WORDS_MAX], *rest = line, *word, *comment = strchr(line, '#');
        size_t count = 0;
        line_number++;
        if (comment)
            *comment = 0;
        while ((word = strsep(&rest, " \t\r\n"))) {
            if (!*word)
                continue;
            if (count == WORDS_MAX)
                die("too many words", word);
            words[count++] = word;
        }
        if (count)
            do_words(words, count);
    }
    (void)fclose(from);
}

static void write_image(const char *path)
{
    uint64_t bytes;
    char temporary[LINE_MAX_BYTES];
    enum status status = initfs_plan(sources, source_count, &bytes);
    if (status != OK)
        die(status == ERR_EXISTS ? "two entries have the same path" : "the lists cannot be an archive", path);
    uint8_t *image = must(calloc(1, bytes));
    if (initfs_write(sources, source_count, (struct span){image, bytes}) != OK)
        die("cannot be laid out", path);
    (void)snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *to = fopen(temporary, "wb");
    if (!to || fwrite(image, 1, bytes, to) != bytes || fclose(to) != 0 || rename(temporary, path) != 0)
        die(strerror(errno), path);
    free(image);
}

int main(int count, char **arguments)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    if (count < 3) {
        fputs("usage: mkinitfs OUT LIST...\n", stderr);
        return 1;
    }
    modify_ns = epoch ? strtoll(epoch, nullptr, 10) * 1000000000 : 0;
    add(VIEW_OF_LITERAL(""), (struct view){}, FILE_DIRECTORY, 0755);
    for (int i = 2; i < count; i++)
        do_list(arguments[i]);
    write_image(arguments[1]);
    return 0;
}
