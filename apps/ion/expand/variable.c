/* SPDX-License-Identifier: MIT
 * What a name stands for after `$`, in `${...}`, and after `~`. */
#include "expand/expand.h"
#include "value/text.h"
#include <ctype.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *copy(struct shell *sh, const char *text)
{
    return arena_copy(&sh->scratch, text, strlen(text));
}

static char *current_folder(struct shell *sh)
{
    char here[4096];
    const char *known = getenv("PWD");
    return copy(sh, known ? known : getcwd(here, sizeof here) ? here : "/");
}

/* The current folder with the home folder as ~. */
static char *short_folder(struct shell *sh)
{
    char *here = current_folder(sh);
    const char *home = getenv("HOME");
    size_t size = home ? strlen(home) : 0;
    bool inside = size > 1 && !strncmp(here, home, size) && (!here[size] || here[size] == '/');
    return inside ? arena_print(&sh->scratch, "~%s", here + size) : here;
}

/* The same; of more than two components all but the last are one grapheme long, with a leading dot one more. */
static char *shortest_folder(struct shell *sh)
{
    const char *at = short_folder(sh), *last = strrchr(at, '/');
    size_t components = 0;
    for (const char *c = at; *c; c++) components += *c == '/' && c[1];
    if (components + (*at != '/') <= 2 || !last) return (char *)at;
    struct buf out = buf_make(&sh->scratch);
    while (at <= last) {
        const char *slash = strchr(at, '/');
        size_t size = *at == '/' ? 0 : grapheme_size(at);
        if (*at == '.') size += grapheme_size(at + 1);
        buf_bytes(&out, at, size);
        buf_char(&out, '/');
        at = slash + 1;
    }
    buf_text(&out, at);
    return out.at;
}

static bool special_text(struct shell *sh, const char *name, char **out_text)
{
    if (!strcmp(name, "?")) return *out_text = arena_number(&sh->scratch, sh->status), true;
    if (!strcmp(name, "SWD")) return *out_text = short_folder(sh), true;
    if (!strcmp(name, "MWD")) return *out_text = shortest_folder(sh), true;
    if (!strcmp(name, "CMD_DURATION")) return *out_text = arena_number(&sh->scratch, sh->duration_seconds), true;
    return false;
}

static bool unknown(struct shell *sh, const char *name)
{
    return fail(sh, "expansion error: Variable \"%s\" does not exist", name);
}

bool variable_text(struct shell *sh, const char *name, uint32_t hash, char **out_text)
{
    const struct value *value = scope_find_hashed(sh->scope, name, hash);
    if (value && value->kind == VALUE_STRING) return *out_text = arena_copy(&sh->scratch, value->text, value->size), true;
    if (special_text(sh, name, out_text)) return true;
    const char *environment = *name ? getenv(name) : nullptr;
    if (!environment) return unknown(sh, name);
    return *out_text = copy(sh, environment), true;
}

static bool hex_text(struct shell *sh, const char *digits, char **out_text)
{
    char *end, bytes[4];
    unsigned long number = strtoul(digits, &end, 16);
    if (!isxdigit((unsigned char)*digits) || *end || number > 0x10ffff || !number)
        return fail(sh, "expansion error: could not parse '%s' as hexadecimal value: invalid digit found in string", digits);
    *out_text = arena_copy(&sh->scratch, bytes, code_point_put((uint32_t)number, bytes));
    return true;
}

static struct scope *beyond_function(struct scope *scope)
{
    while (scope && !scope->boundary) scope = scope->outer;
    return scope ? scope->outer : nullptr;
}

/* Looks in the scopes up to the next function's boundary. */
static bool scoped_text(struct shell *sh, const struct scope *scope, const char *name, char **out_text)
{
    const struct value *value = nullptr;
    uint32_t hash = name_hash(name);
    for (bool last = false; scope && !value && !last; scope = scope->outer) {
        struct scope alone = *scope;
        alone.outer = nullptr;
        last = scope->boundary;
        value = scope_find_hashed(&alone, name, hash);
    }
    if (!value || value->kind != VALUE_STRING) return unknown(sh, name);
    return *out_text = arena_copy(&sh->scratch, value->text, value->size), true;
}

bool namespace_text(struct shell *sh, const char *inside, char **out_text)
{
    const struct scope *scope = sh->scope;
    const char *name = inside;
    bool super = false;
    for (; !strncmp(name, "super::", 7); name += 7, super = true) scope = beyond_function((struct scope *)scope);
    if (super) return scoped_text(sh, scope, name, out_text);
    const char *colons = strstr(inside, "::");
    char *space = arena_copy(&sh->scratch, inside, (size_t)(colons - inside));
    name = colons + 2;
    if (!strcmp(space, "global")) {
        for (const struct scope *s = scope; s; s = s->outer)
            if (s->boundary) scope = s->outer;
        return scoped_text(sh, scope, name, out_text);
    }
    if (!strcmp(space, "x") || !strcmp(space, "hex")) return hex_text(sh, name, out_text);
    if (!strcmp(space, "c") || !strcmp(space, "color")) return color_text(sh, copy(sh, name), out_text);
    if (strcmp(space, "env")) return fail(sh, "expansion error: namespace '%s' is unsupported", space);
    const char *environment = getenv(name);
    return *out_text = copy(sh, environment ? environment : ""), true;
}

static bool folder_of_user(struct shell *sh, const char *user, char **out_text)
{
    const struct passwd *entry = *user ? getpwnam(user) : getpwuid(getuid());
    const char *home = entry ? entry->pw_dir : *user ? nullptr : getenv("HOME");
    if (home) return *out_text = copy(sh, home), true;
    if (*user) return *out_text = arena_print(&sh->scratch, "~%s", user), true;
    return fail(sh, "expansion error: Could not fetch the user home directory");
}

/* ~ ~user ~+ ~- ~N ~+N ~-N: the folder stack counts from its top, with - from its bottom. */
bool tilde_text(struct shell *sh, const char *rest, char **out_text)
{
    if (!strcmp(rest, "+")) return *out_text = current_folder(sh), true;
    if (!strcmp(rest, "-")) return variable_text(sh, "OLDPWD", name_hash("OLDPWD"), out_text);
    const char *digits = *rest == '+' || *rest == '-' ? rest + 1 : rest;
    long number;
    if (!isdigit((unsigned char)*digits) || !whole_number(digits, &number)) return folder_of_user(sh, rest, out_text);
    size_t depth = sh->folders ? sh->folders->count + 1 : 1, at = (size_t)number;
    if (at >= depth) return fail(sh, "expansion error: Can't expand tilde: %ld is out of bound for directory stack", number);
    if (*rest == '-') at = depth - 1 - at;
    return *out_text = at ? copy(sh, sh->folders->entries[at - 1].value->text) : current_folder(sh), true;
}
