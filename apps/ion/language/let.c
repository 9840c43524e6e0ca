/* SPDX-License-Identifier: MIT
 * `let KEYS OPERATOR VALUES` as written. What is wrong with a name or a type is found when it runs. */
#include "language/syntax.h"
#include "value/value.h"
#include <string.h>

static struct key read_key(struct parser *p, char *word)
{
    struct key key = {.name = word};
    char *colon = word;
    while (*colon && *colon != ':') colon += *colon == '[' ? skip_group(colon, 0) : 1;
    if (*colon) *colon = 0, key.type = colon + 1;
    char *open = strchr(word, '[');
    if (open) {
        size_t size = strlen(open);
        *open = 0;
        if (size == 2) {
            if (!key.type) key.type = "[str]";
        } else {
            key.index = arena_alloc(&p->program->arena, sizeof *key.index);
            *key.index = word_make(&p->program->arena, arena_copy(&p->program->arena, open + 1, size < 2 ? 0 : size - 2));
        }
    }
    key.hash = name_hash(word);
    return key;
}

/* Where the operator's `=` is; the end when there is none. */
static size_t find_equals(const char *text)
{
    size_t i = 0;
    while (text[i] && text[i] != '=') i = text[i] == '[' ? skip_group(text, i) : i + 1;
    return i;
}

static enum operator read_operator(const char *text, size_t equals, size_t *out_end)
{
    static const struct { const char *text; enum operator operator; } OPERATORS[] = {
        {"//", ASSIGN_DIVIDE_WHOLE}, {"**", ASSIGN_POWER}, {"++", ASSIGN_APPEND}, {"::", ASSIGN_PREPEND}, {"\\\\", ASSIGN_REMOVE},
        {"+", ASSIGN_ADD}, {"-", ASSIGN_SUBTRACT}, {"*", ASSIGN_MULTIPLY}, {"/", ASSIGN_DIVIDE}, {"?", ASSIGN_MISSING}};
    for (size_t i = 0; i < sizeof OPERATORS / sizeof *OPERATORS; i++) {
        size_t size = strlen(OPERATORS[i].text);
        if (equals < size || memcmp(text + equals - size, OPERATORS[i].text, size)) continue;
        *out_end = equals - size;
        return OPERATORS[i].operator;
    }
    *out_end = equals;
    return ASSIGN;
}

bool parse_assignment(struct parser *p, char *text, bool exporting, struct assignment **out_assignment)
{
    struct arena *arena = &p->program->arena;
    struct assignment *a = arena_alloc(arena, sizeof *a);
    struct list keys = list_make(arena);
    size_t equals = find_equals(text), end = equals;
    *a = (struct assignment){};
    *out_assignment = a;
    if (text[equals]) a->operator = read_operator(text, equals, &end);
    split_words(arena_copy(arena, text, end), &keys);
    a->count = keys.count;
    a->keys = arena_alloc(arena, keys.count * sizeof *a->keys);
    for (size_t i = 0; i < keys.count; i++) a->keys[i] = read_key(p, keys.at[i]);
    if (!text[equals]) {
        if (exporting || !keys.count) return true;
        return parser_fail(p, "syntax error: no operator supplied for assignment");
    }
    if (!keys.count) return parser_fail(p, "syntax error: no key supplied for assignment");
    a->values = parse_words(p, text + equals + 1);
    return a->values.count || parser_fail(p, "syntax error: no values supplied for assignment");
}

bool is_map_type(const char *type)
{
    return !strncmp(type, "hmap[", 5) || !strncmp(type, "bmap[", 5);
}

bool type_is_known(const char *type)
{
    size_t skip = *type == '[' ? 1 : is_map_type(type) ? 5 : 0, size = strlen(type);
    if (!skip) return !strcmp(type, "str") || !strcmp(type, "int") || !strcmp(type, "float") || !strcmp(type, "bool");
    if (size <= skip || size > 60 || type[size - 1] != ']') return false;
    char inner[64];
    memcpy(inner, type + skip, size - skip - 1);
    inner[size - skip - 1] = 0;
    return !*inner || type_is_known(inner);
}
