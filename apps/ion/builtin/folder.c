/* SPDX-License-Identifier: MIT
 * The current folder and the stack of folders. Paths are logical: `..` takes a component away, whatever links there are.
 * sh->folders has what is below the current folder, top first. */
#include "builtin/builtin.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *current(struct shell *sh)
{
    char here[4096];
    const char *known = getenv("PWD");
    return arena_print(&sh->scratch, "%s", known && *known == '/' ? known : getcwd(here, sizeof here) ? here : "/");
}

/* Absolute, without `.`, `..` and doubled slashes. */
static char *cleaned(struct shell *sh, const char *path)
{
    struct buf out = buf_make(&sh->scratch);
    if (*path != '/') path = arena_print(&sh->scratch, "%s/%s", current(sh), path);
    for (;;) {
        while (*path == '/') path++;
        if (!*path) break;
        size_t size = strcspn(path, "/");
        bool dot = size == 1 && *path == '.', dots = size == 2 && !memcmp(path, "..", 2);
        if (dots) {
            while (out.size && out.at[out.size - 1] != '/') out.size--;
            if (out.size) out.size--;
            out.at[out.size] = 0;
        } else if (!dot) {
            buf_char(&out, '/');
            buf_bytes(&out, path, size);
        }
        path += size;
    }
    return out.size ? out.at : "/";
}

/* False with errno: it is as before. */
static bool go_to(struct shell *sh, const char *path, bool *out_hard_error)
{
    char *before = current(sh), *to = cleaned(sh, path);
    bool called;
    *out_hard_error = false;
    if (chdir(to)) return false;
    setenv("OLDPWD", before, 1);
    setenv("PWD", to, 1);
    *out_hard_error = !hook_call(sh, "CD_CHANGE", &called);
    return true;
}

static bool cannot(struct shell *sh, const char *path)
{
    complain(sh, "ion: failed to set current dir to %s: %s (os error %d)\n", path, strerror(errno), errno);
    return answer(sh, 1);
}

static bool through_cdpath(struct shell *sh, const char *to, bool *out_done, bool *out_hard_error)
{
    const struct value *search = *to == '/' || *to == '.' ? nullptr : scope_find(sh->scope, "CDPATH");
    *out_done = false;
    for (size_t i = 0; search && search->kind == VALUE_ARRAY && i < search->count && !*out_done; i++)
        *out_done = go_to(sh, arena_print(&sh->scratch, "%s/%s", search->entries[i].value->text, to), out_hard_error);
    return !*out_hard_error;
}

bool do_cd(struct shell *sh, const struct list *a)
{
    const char *to = a->count > 1 ? a->at[1] : getenv("HOME");
    bool done = false, hard = false, back = to && !strcmp(to, "-");
    if (a->count > 2) return complain(sh, "ion: cd: too many arguments\n"), answer(sh, 2);
    if (back && !(to = getenv("OLDPWD"))) return complain(sh, "ion: no previous directory to switch to\n"), answer(sh, 1);
    if (!to) return complain(sh, "ion: cd: no home directory\n"), answer(sh, 1);
    sh->status = 0;
    if (!back && !through_cdpath(sh, to, &done, &hard)) return false;
    char *kept = arena_print(&sh->scratch, "%s", to);
    if (!done && !go_to(sh, kept, &hard)) return cannot(sh, kept);
    if (back) sayf(sh, "%s\n", current(sh));
    return !hard;
}

static struct value *stack(struct shell *sh)
{
    if (!sh->folders) sh->folders = value_make(VALUE_ARRAY);
    return sh->folders;
}

/* With ~ for the home folder, unless all of it is wanted. */
static char *shown(struct shell *sh, const char *path, bool whole)
{
    const char *home = getenv("HOME");
    size_t size = home && !whole ? strlen(home) : 0;
    bool inside = size > 1 && !strncmp(path, home, size) && (!path[size] || path[size] == '/');
    return inside ? arena_print(&sh->scratch, "~%s", path + size) : arena_print(&sh->scratch, "%s", path);
}

static const char *folder_at(struct shell *sh, size_t index)
{
    return index ? stack(sh)->entries[index - 1].value->text : current(sh);
}

static void print_stack(struct shell *sh, bool whole, bool lines, bool numbers)
{
    for (size_t i = 0; i <= stack(sh)->count; i++) {
        if (numbers) sayf(sh, "%2zu  ", i);
        else if (i && !lines) say(sh, " ", 1);
        sayf(sh, "%s%s", shown(sh, folder_at(sh, i), whole), lines ? "\n" : "");
    }
    if (!lines) say(sh, "\n", 1);
}

/* +N counts from the top, -N from the bottom. */
static bool stack_index(struct shell *sh, const char *text, size_t *out_index)
{
    long number;
    size_t depth = stack(sh)->count + 1;
    if ((*text != '+' && *text != '-') || !isdigit((unsigned char)text[1]) || !whole_number(text + 1, &number)) return false;
    if ((size_t)number >= depth) return *out_index = SIZE_MAX, true;
    *out_index = *text == '+' ? (size_t)number : depth - 1 - (size_t)number;
    return true;
}

bool do_dirs(struct shell *sh, const struct list *a)
{
    bool whole = false, lines = false, numbers = false;
    size_t index = SIZE_MAX - 1;
    for (size_t i = 1; i < a->count; i++) {
        const char *word = a->at[i];
        if (stack_index(sh, word, &index)) {
            if (index == SIZE_MAX) return complain(sh, "ion: dirs: %s: directory stack index out of range\n", word), answer(sh, 1);
            continue;
        }
        if (*word != '-' || !word[1] || word[1 + strspn(word + 1, "clpv")])
            return complain(sh, "ion: dirs: invalid argument '%s'\n", word), answer(sh, 2);
        if (strchr(word, 'c')) while (stack(sh)->count) value_remove(stack(sh), 0);
        whole = whole || strchr(word, 'l');
        numbers = numbers || strchr(word, 'v');
        lines = lines || strchr(word, 'p') || numbers;
        if (strchr(word, 'c')) return answer(sh, 0);
    }
    sh->status = 0;
    if (index < SIZE_MAX - 1) sayf(sh, "%s\n", shown(sh, folder_at(sh, index), whole));
    else print_stack(sh, whole, lines, numbers);
    return true;
}

static void push(struct shell *sh, size_t index, const char *path)
{
    struct value *folders = stack(sh);
    value_insert(folders, index, value_string(path));
    while (sh->folders_max >= 0 && folders->count + 1 > (size_t)sh->folders_max && folders->count) value_remove(folders, folders->count - 1);
}

/* The whole stack turned until what was at index is on top. */
static bool rotate(struct shell *sh, size_t index, bool *out_hard)
{
    struct list all = list_make(&sh->scratch);
    size_t depth = stack(sh)->count + 1;
    for (size_t i = 0; i < depth; i++) list_add(&all, arena_print(&sh->scratch, "%s", folder_at(sh, (i + index) % depth)));
    if (!go_to(sh, all.at[0], out_hard)) return false;
    for (size_t i = 1; i < depth; i++) value_set_text(sh->folders->entries[i - 1].value, all.at[i], strlen(all.at[i]));
    return true;
}

/* The one argument besides -n; false when there are more. */
static bool only_argument(const struct list *a, bool *out_stay, const char **out_argument)
{
    *out_stay = false;
    *out_argument = nullptr;
    for (size_t i = 1; i < a->count; i++) {
        if (!strcmp(a->at[i], "-n")) *out_stay = true;
        else if (*out_argument) return false;
        else *out_argument = a->at[i];
    }
    return true;
}

bool do_pushd(struct shell *sh, const struct list *a)
{
    bool stay, hard = false, good = true;
    const char *argument;
    size_t index = 1;
    if (!only_argument(a, &stay, &argument)) return complain(sh, "ion: pushd: too many arguments\n"), answer(sh, 2);
    sh->status = 0;
    if (!argument && !stack(sh)->count) return complain(sh, "ion: pushd: no other directory\n"), answer(sh, 1);
    if (!argument || stack_index(sh, argument, &index)) {
        if (index == SIZE_MAX) return complain(sh, "ion: pushd: %s: directory stack index out of range\n", argument), answer(sh, 1);
        char *top = current(sh);
        if (argument) good = rotate(sh, index, &hard);
        else if ((good = go_to(sh, arena_print(&sh->scratch, "%s", folder_at(sh, 1)), &hard))) value_set_text(sh->folders->entries[0].value, top, strlen(top));
    } else {
        char *before = current(sh);
        if (stay) push(sh, 0, cleaned(sh, argument));
        else if ((good = go_to(sh, argument, &hard))) push(sh, 0, before);
    }
    if (!good) return cannot(sh, argument ? argument : "");
    if (!hard) print_stack(sh, false, false, false);
    return !hard;
}

bool do_popd(struct shell *sh, const struct list *a)
{
    bool stay, hard = false;
    const char *argument;
    size_t index = 0;
    if (!only_argument(a, &stay, &argument)) return complain(sh, "ion: popd: too many arguments\n"), answer(sh, 2);
    if (argument && !stack_index(sh, argument, &index)) return complain(sh, "ion: popd: %s: invalid argument\n", argument), answer(sh, 2);
    if (!stack(sh)->count) return complain(sh, "ion: popd: directory stack empty\n"), answer(sh, 1);
    if (index == SIZE_MAX) return complain(sh, "ion: popd: %s: directory stack index out of range\n", argument), answer(sh, 1);
    if (stay && index == 0) index = 1;
    sh->status = 0;
    if (index == 0) {
        char *to = arena_print(&sh->scratch, "%s", folder_at(sh, 1));
        if (!go_to(sh, to, &hard)) return cannot(sh, to);
        index = 1;
    }
    value_remove(sh->folders, index - 1);
    if (!hard) print_stack(sh, false, false, false);
    return !hard;
}

bool do_dir_depth(struct shell *sh, const struct list *a)
{
    long depth = -1;
    if (a->count > 2) return complain(sh, "ion: dir_depth: too many arguments\n"), answer(sh, 2);
    if (a->count == 2 && (!whole_number(a->at[1], &depth) || depth < 0))
        return complain(sh, "ion: dir_depth: %s: not a depth\n", a->at[1]), answer(sh, 1);
    sh->folders_max = depth;
    while (depth >= 0 && stack(sh)->count + 1 > (size_t)depth && stack(sh)->count) value_remove(sh->folders, sh->folders->count - 1);
    return answer(sh, 0);
}
