/* SPDX-License-Identifier: MIT
 * What has a name in the running shell: for completion and highlighting. */
#include "expand/expand.h"
#include <string.h>

static bool is_of(const struct value *value, enum name_kind kind)
{
    switch (kind) {
    case NAMES_STRINGS: return value->kind == VALUE_STRING;
    case NAMES_ARRAYS: return value->kind == VALUE_ARRAY || value_is_map(value);
    case NAMES_FUNCTIONS: return value->kind == VALUE_FUNCTION;
    case NAMES_ALIASES: return value->kind == VALUE_ALIAS;
    default: return false;
    }
}

void shell_names(struct shell *sh, enum name_kind kind, struct list *out)
{
    const char *name;
    if (kind == NAMES_BUILTINS)
        for (size_t i = 0; (name = builtin_name(i)); i++) list_add(out, (char *)name);
    if (kind == NAMES_STRING_METHODS || kind == NAMES_ARRAY_METHODS)
        for (size_t i = 0; (name = method_name(kind == NAMES_ARRAY_METHODS, i)); i++) list_add(out, (char *)name);
    for (const struct scope *scope = sh->scope; scope; scope = scope->outer)
        for (size_t i = 0; i < scope->count; i++)
            if (is_of(scope->entries[i].value, kind))
                list_add(out, arena_copy(out->arena, scope->entries[i].key, strlen(scope->entries[i].key)));
}
