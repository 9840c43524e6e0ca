/* SPDX-License-Identifier: MIT
 * Names that match a pattern, sorted. `*` also takes names that start with a dot; `**` takes folders at any depth. */
#include "expand/expand.h"
#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDERS_MAX = 64 };

static char *unquote(struct arena *arena, const char *pattern)
{
    struct buf plain = buf_make(arena);
    for (; *pattern; pattern++) {
        if (*pattern == '\\' && pattern[1]) pattern++;
        buf_char(&plain, *pattern);
    }
    return plain.at;
}

static char *joined(struct arena *arena, const char *a, const char *b)
{
    size_t first = strlen(a), second = strlen(b);
    char *text = arena_alloc(arena, first + second + 1);
    memcpy(text, a, first);
    memcpy(text + first, b, second + 1);
    return text;
}

static void walk(const char *folder, const char *pattern, unsigned depth, struct list *out);

static void match_entry(const char *path, const char *name, const char *component, const char *rest, unsigned depth, struct list *out)
{
    struct stat info;
    bool recursive = !strcmp(component, "**");
    if (recursive && !lstat(path, &info) && S_ISDIR(info.st_mode)) {
        char *deeper = joined(out->arena, path, "/");
        walk(deeper, *rest ? joined(out->arena, "**/", rest) : "**", depth + 1, out);
    }
    if ((recursive && *rest) || fnmatch(component, name, 0)) return;
    if (!*rest) list_add(out, (char *)path);
    else walk(joined(out->arena, path, "/"), rest, depth + 1, out);
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
        char *path = joined(out->arena, joined(out->arena, folder, unquote(out->arena, component)), slash ? "/" : "");
        if (slash && *rest) walk(path, rest, depth + 1, out);
        else if (!lstat(path, &info)) list_add(out, path);
        return;
    }
    DIR *open = opendir(*folder ? folder : ".");
    if (!open) return;
    for (struct dirent *entry; (entry = readdir(open));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        match_entry(joined(out->arena, folder, entry->d_name), entry->d_name, component, rest, depth, out);
    }
    closedir(open);
}

/* All of them start with the same bytes, often many: how many. */
static size_t common_start(char *const *names, size_t count)
{
    size_t size = strlen(names[0]);
    for (size_t i = 1; i < count && size; i++) {
        size_t same = 0;
        while (same < size && names[i][same] == names[0][same]) same++;
        size = same;
    }
    return size;
}

/* Merges halves; what is in order already costs one look. */
static void sort(char **names, char **room, size_t count, size_t skip)
{
    size_t half = count / 2;
    if (count < 2) return;
    sort(names, room, half, skip);
    sort(names + half, room, count - half, skip);
    if (strcmp(names[half - 1] + skip, names[half] + skip) <= 0) return;
    memcpy(room, names, half * sizeof *room);
    for (size_t i = 0, j = half, at = 0; i < half; at++)
        names[at] = j < count && strcmp(names[j] + skip, room[i] + skip) < 0 ? names[j++] : room[i++];
}

void glob_expand(const char *pattern, struct list *out)
{
    size_t before = out->count;
    walk("", pattern, 0, out);
    size_t count = out->count - before;
    if (count < 2) return;
    char **room = arena_alloc(out->arena, count * sizeof *room);
    sort(out->at + before, room, count, common_start(out->at + before, count));
}
