/* SPDX-License-Identifier: MIT
 * Names that match a pattern, sorted. `*` also takes names that start with a dot; `**` takes folders at any depth. */
#include "expand/expand.h"
#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDERS_MAX = 64 };

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *unquote(struct arena *arena, const char *pattern)
{
    struct buf plain = buf_make(arena);
    for (; *pattern; pattern++) {
        if (*pattern == '\\' && pattern[1]) pattern++;
        buf_char(&plain, *pattern);
    }
    return plain.at;
}

static void walk(const char *folder, const char *pattern, unsigned depth, struct list *out);

static void match_entry(const char *path, const char *name, const char *component, const char *rest, unsigned depth, struct list *out)
{
    struct stat info;
    bool recursive = !strcmp(component, "**");
    if (recursive && !lstat(path, &info) && S_ISDIR(info.st_mode)) {
        char *deeper = arena_print(out->arena, "%s/", path);
        walk(deeper, *rest ? arena_print(out->arena, "**/%s", rest) : "**", depth + 1, out);
    }
    if ((recursive && *rest) || fnmatch(component, name, 0)) return;
    if (!*rest) list_add(out, (char *)path);
    else walk(arena_print(out->arena, "%s/", path), rest, depth + 1, out);
}

static void walk(const char *folder, const char *pattern, unsigned depth, struct list *out)
{
    const char *slash = strchr(pattern, '/');
    char *component = arena_copy(out->arena, pattern, slash ? (size_t)(slash - pattern) : strlen(pattern));
    const char *rest = slash ? slash + 1 : "";
    struct stat info;
    if (depth > FOLDERS_MAX) return;
    if (!strcmp(component, "**") && *rest) walk(folder, rest, depth + 1, out);
    if (!strpbrk(component, "*?[")) {
        char *path = arena_print(out->arena, "%s%s%s", folder, unquote(out->arena, component), slash ? "/" : "");
        if (slash && *rest) walk(path, rest, depth + 1, out);
        else if (!lstat(path, &info)) list_add(out, path);
        return;
    }
    DIR *open = opendir(*folder ? folder : ".");
    if (!open) return;
    for (struct dirent *entry; (entry = readdir(open));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        match_entry(arena_print(out->arena, "%s%s", folder, entry->d_name), entry->d_name, component, rest, depth, out);
    }
    closedir(open);
}

void glob_expand(const char *pattern, struct list *out)
{
    size_t before = out->count;
    walk("", pattern, 0, out);
    if (out->count > before) qsort(out->at + before, out->count - before, sizeof *out->at, by_name);
}
