/* SPDX-License-Identifier: MIT
 * Builtins about what has a name: aliases, functions, variables, options, commands. */
#include "builtin/builtin.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool alias_name_is_valid(const char *name)
{
    if (!isalpha((unsigned char)*name) && *name != '_') return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("_-!", *name)) return false;
    return true;
}

static char *trimmed(char *text)
{
    while (is_blank(*text)) text++;
    size_t size = strlen(text);
    while (size && is_blank(text[size - 1])) text[--size] = 0;
    return text;
}

static bool show_alias(struct shell *sh, const char *name)
{
    const struct value *value = scope_find(sh->scope, name);
    if (!value || value->kind != VALUE_ALIAS) return complain(sh, "ion: undefined alias: %s\n", name), answer(sh, 1);
    sayf(sh, "alias %s='%s'\n", name, value->text);
    return answer(sh, 0);
}

static bool list_aliases(struct shell *sh)
{
    for (const struct scope *scope = sh->scope; scope; scope = scope->outer)
        for (size_t i = 0; i < scope->count; i++)
            if (scope->entries[i].value->kind == VALUE_ALIAS) sayf(sh, "%s = %s\n", scope->entries[i].key, scope->entries[i].value->text);
    return answer(sh, 0);
}

bool do_alias(struct shell *sh, const struct list *a)
{
    struct list rest = {.arena = &sh->scratch, .at = a->at + 1, .count = a->count - 1};
    if (!rest.count) return list_aliases(sh);
    char *text = arena_print(&sh->scratch, "%s", list_join(&rest, " ")), *equals = strchr(text, '=');
    if (!equals) {
        if (rest.count == 1) return show_alias(sh, text);
        return complain(sh, "ion: invalid alias syntax\n"), answer(sh, 1);
    }
    *equals = 0;
    char *name = trimmed(text), *what = trimmed(equals + 1);
    if (!alias_name_is_valid(name)) return complain(sh, "ion: alias name, '%s', is invalid\n", name), answer(sh, 1);
    if (!*what) return complain(sh, "ion: no value supplied for alias, '%s'\n", name), answer(sh, 1);
    struct value *value = value_make(VALUE_ALIAS);
    value_set_text(value, what, strlen(what));
    scope_set_here(&sh->global, name, value);
    return answer(sh, 0);
}

bool do_unalias(struct shell *sh, const struct list *a)
{
    int status = a->count > 1 ? 0 : 1;
    if (status) complain(sh, "ion: you must specify an alias name\n");
    for (size_t i = 1; i < a->count; i++) {
        const struct value *value = scope_find(&sh->global, a->at[i]);
        if (value && value->kind == VALUE_ALIAS && scope_drop(&sh->global, a->at[i])) continue;
        complain(sh, "ion: undefined alias: %s\n", a->at[i]);
        status = 1;
    }
    return answer(sh, status);
}

bool do_drop(struct shell *sh, const struct list *a)
{
    int status = a->count > 1 ? 0 : 1;
    if (status) complain(sh, "ion: you must specify a variable name\n");
    for (size_t i = 1; i < a->count; i++) {
        struct entry *entry = scope_find_writable(sh->scope, a->at[i]);
        if (entry && entry->value->kind != VALUE_ALIAS && scope_drop(sh->scope, a->at[i])) continue;
        complain(sh, "ion: undefined variable: %s\n", a->at[i]);
        status = 1;
    }
    return answer(sh, status);
}

bool do_fn(struct shell *sh, const struct list *)
{
    sayf(sh, "# Functions\n");
    for (const struct scope *scope = sh->scope; scope; scope = scope->outer) {
        for (size_t i = 0; i < scope->count; i++) {
            if (scope->entries[i].value->kind != VALUE_FUNCTION) continue;
            const char *description = scope->entries[i].value->function->definition->description;
            sayf(sh, "    %s%s%s\n", scope->entries[i].key, description ? " -- " : "", description ? description : "");
        }
    }
    return answer(sh, 0);
}

/* What follows `--` or `-` takes the place of all arguments but the first. */
static void set_arguments(struct shell *sh, const struct list *a, size_t from, bool keep_if_none)
{
    const struct value *old = scope_find(sh->scope, "args");
    if (from == a->count && keep_if_none) return;
    struct value *args = value_make(VALUE_ARRAY);
    bool first = old && old->kind == VALUE_ARRAY && old->count;
    value_insert(args, 0, value_string(first ? old->entries[0].value->text : "ion"));
    for (size_t i = from; i < a->count; i++) value_insert(args, args->count, value_string(a->at[i]));
    scope_set_here(&sh->global, "args", args);
}

bool do_set(struct shell *sh, const struct list *a)
{
    for (size_t i = 1; i < a->count; i++) {
        const char *word = a->at[i];
        if (!strcmp(word, "--") || !strcmp(word, "-")) {
            set_arguments(sh, a, i + 1, !word[1]);
            return answer(sh, 0);
        }
        if ((*word != '-' && *word != '+') || word[1 + strspn(word + 1, "ep")])
            return complain(sh, "ion: set: invalid argument '%s'\n", word), answer(sh, 2);
        if (strchr(word, 'e')) sh->exit_on_error = *word == '-';
        if (strchr(word, 'p')) sh->pipefail = *word == '-';
    }
    return answer(sh, 0);
}

bool do_which(struct shell *sh, const struct list *a)
{
    int status = a->count < 2 ? 2 : 0;
    if (status) complain(sh, "ion: %s: expected at least 1 args, got only 0\n", a->at[0]);
    for (size_t i = 1; i < a->count; i++) {
        const char *name = a->at[i], *path;
        const struct value *value = scope_find(sh->scope, name);
        if (value && value->kind == VALUE_ALIAS) sayf(sh, "%s: alias to %s\n", name, value->text);
        else if (value && value->kind == VALUE_FUNCTION) sayf(sh, "%s: function\n", name);
        else if (builtin_find(name)) sayf(sh, "%s: built-in shell command\n", name);
        else if ((path = command_path(sh, name))) sayf(sh, "%s\n", path);
        else status = 1;
    }
    return answer(sh, status);
}
