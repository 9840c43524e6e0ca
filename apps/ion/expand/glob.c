/* SPDX-License-Identifier: MIT
 * Names that match a pattern, sorted. `*` also takes names that start with a dot; `**` takes folders at any depth. */
#include "expand/expand.h"
#include "value/text.h"
#include <dirent.h>
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

/* One character of the name against the class that starts at *pattern, which goes past it: `[abc]`, `[a-z]`, `[!x]`. A bracket that is
 * not closed stands for itself. */
static bool in_class(const char **pattern, uint32_t c)
{
    const char *p = *pattern + 1;
    bool negated = *p == '!' || *p == '^', found = false;
    if (negated) p++;
    for (const char *first = p; *p && (*p != ']' || p == first);) {
        if (*p == '\\' && p[1]) p++;
        uint32_t low = code_point(p), high = low;
        p += code_point_size(p);
        if (*p == '-' && p[1] && p[1] != ']') {
            if (*++p == '\\' && p[1]) p++;
            high = code_point(p);
            p += code_point_size(p);
        }
        found = found || (low <= c && c <= high);
    }
    if (*p != ']') return ++*pattern, c == '[';
    *pattern = p + 1;
    return found != negated;
}

/* The next character of the name is what the pattern has next, which is not a star. */
static bool matches_one(const char **pattern, const char **name)
{
    if (!**name) return false;
    size_t size = (signed char)**name > 0 ? 1 : code_point_size(*name);
    const char *at = *name;
    *name += size;
    if (**pattern == '?') return ++*pattern, true;
    if (**pattern == '[') return in_class(pattern, code_point(at));
    if (**pattern == '\\' && (*pattern)[1]) ++*pattern;
    *pattern += size;
    return !strncmp(*pattern - size, at, size);
}

/* Only the last star can need another try: what an earlier one took is as good as any. */
static bool matches(const char *pattern, const char *name)
{
    const char *star = nullptr, *tried = name;
    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            tried = name;
            if (!*pattern) return true;
        } else if (!*pattern && !*name) {
            return true;
        } else if (!*pattern || !matches_one(&pattern, &name)) {
            if (!star || !*tried) return false;
            tried += code_point_size(tried);
            pattern = star, name = tried;
        }
    }
}

static char *joined_sized(struct arena *arena, const char *a, size_t first, const char *b, size_t second)
{
    char *text = arena_alloc(arena, first + second + 1);
    memcpy(text, a, first);
    memcpy(text + first, b, second);
    text[first + second] = 0;
    return text;
}

static char *joined(struct arena *arena, const char *a, const char *b)
{
    return joined_sized(arena, a, strlen(a), b, strlen(b));
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
    if ((recursive && *rest) || !matches(component, name)) return;
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
    size_t size = strlen(folder);
    if (!open) return;
    for (struct dirent *entry; (entry = readdir(open));) {
        const char *name = entry->d_name;
        if (*name == '.' && (!name[1] || (name[1] == '.' && !name[2]))) continue;
        match_entry(joined_sized(out->arena, folder, size, name, strlen(name)), name, component, rest, depth, out);
    }
    closedir(open);
}

/* All of them start with the same bytes, often many: how many. `sure` are known to be the same. */
static size_t common_start(char *const *names, size_t count, size_t sure)
{
    size_t size = strlen(names[0]);
    for (size_t i = 1; i < count && size > sure; i++) {
        size_t same = sure;
        while (same < size && names[i][same] == names[0][same]) same++;
        size = same;
    }
    return size;
}

/* A name with the first eight bytes that differ from its neighbours', as a number that has their order. */
struct sorted {
    uint64_t key;
    char *name;
};

static uint64_t key_of(const char *text)
{
    uint64_t key = 0;
    for (int i = 0; i < 8; i++) key = key << 8 | (unsigned char)*text, text += *text != 0;
    return key;
}

static bool in_order(const struct sorted *a, const struct sorted *b)
{
    return a->key != b->key ? a->key < b->key : strcmp(a->name, b->name) <= 0;
}

/* Merges halves; what is in order already costs one look. */
static void sort(struct sorted *names, struct sorted *room, size_t count)
{
    size_t half = count / 2;
    if (count < 2) return;
    sort(names, room, half);
    sort(names + half, room, count - half);
    if (in_order(&names[half - 1], &names[half])) return;
    memcpy(room, names, half * sizeof *room);
    for (size_t i = 0, j = half, at = 0; i < half; at++) names[at] = j < count && !in_order(&room[i], &names[j]) ? names[j++] : room[i++];
}

void glob_expand(const char *pattern, struct list *out)
{
    size_t before = out->count;
    walk("", pattern, 0, out);
    size_t count = out->count - before;
    if (count < 2) return;
    char **found = out->at + before;
    struct sorted *names = arena_alloc(out->arena, 2 * count * sizeof *names);
    size_t skip = common_start(found, count, strcspn(pattern, "*?[\\"));
    for (size_t i = 0; i < count; i++) names[i] = (struct sorted){key_of(found[i] + skip), found[i]};
    sort(names, names + count, count);
    for (size_t i = 0; i < count; i++) found[i] = names[i].name;
}
