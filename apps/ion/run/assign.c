/* SPDX-License-Identifier: MIT
 * `let` and `export`: all values are read before any is stored; what goes wrong is a status, and nothing is stored. */
#include "expand/expand.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct key {
    char *name, *type, *index;
};
struct assignment {
    struct shell *sh;
    char operator[3];
    struct list keys, values;
    bool exporting;
    char *why;
};

static bool refuse(struct assignment *a, char *why)
{
    a->why = why;
    return false;
}

static bool is_number(const char *text, bool floating)
{
    char *end;
    errno = 0;
    if (floating) strtod(text, &end);
    else strtoll(text, &end, 10);
    return *text && !isspace((unsigned char)*text) && !*end && (floating || !errno);
}

static const char *print_type(struct arena *arena, const char *type)
{
    if (!strcmp(type, "hmap[str]")) return "hmap[]";
    return strcmp(type, "bmap[str]") ? arena_copy(arena, type, strlen(type)) : "bmap[]";
}

static struct value *scalar(struct shell *sh, const char *type, const char *text, char **out_why)
{
    bool good = !strcmp(type, "str");
    if (!strcmp(type, "int")) good = is_number(text, false);
    if (!strcmp(type, "float")) good = is_number(text, true);
    if (!strcmp(type, "bool")) {
        bool yes = !strcmp(text, "true") || !strcmp(text, "1") || !strcmp(text, "y");
        good = yes || !strcmp(text, "false") || !strcmp(text, "0") || !strcmp(text, "n");
        text = yes ? "true" : "false";
    }
    if (good) return value_string(text);
    *out_why = arena_print(&sh->scratch, "expected %s", type);
    return nullptr;
}

static struct value *map_literal(struct shell *sh, struct value *map, const char *inner, const char *raw, char **out_why)
{
    struct list words = list_make(&sh->scratch);
    split_words(arena_copy(&sh->scratch, raw + 1, strlen(raw) - 2), &words);
    for (size_t i = 0; i < words.count; i++) {
        char *equals = strchr(words.at[i], '='), *key;
        if (!equals) return *out_why = arena_print(&sh->scratch, "expected %s", inner), value_free(map), nullptr;
        *equals = 0;
        struct value *item = expand_string(sh, words.at[i], &key) ? value_typed(sh, inner, equals + 1, out_why) : nullptr;
        if (!item) return value_free(map), nullptr;
        value_put(map, key, item);
    }
    return map;
}

/* Null with *out_why: not of the type. Null without: a hard error. */
struct value *value_typed(struct shell *sh, const char *type, const char *raw, char **out_why)
{
    bool bracketed = is_bracketed(raw);
    *out_why = nullptr;
    size_t size = strlen(type);
    bool map = !strncmp(type, "hmap[", 5) || !strncmp(type, "bmap[", 5);
    if (!map && *type != '[') {
        char *text;
        if (bracketed) return *out_why = arena_print(&sh->scratch, "expected %s, but received [str]", type), nullptr;
        return expand_string(sh, raw, &text) ? scalar(sh, type, text, out_why) : nullptr;
    }
    if (!bracketed) return *out_why = arena_print(&sh->scratch, "expected %s, but received str", print_type(&sh->scratch, type)), nullptr;
    size_t skip = map ? 5 : 1;
    char *inner = arena_copy(&sh->scratch, type + skip, size > skip ? size - skip - 1 : 0);
    if (!*inner) inner = "str";
    if (map) return map_literal(sh, value_make(*type == 'h' ? VALUE_HMAP : VALUE_BMAP), inner, raw, out_why);
    struct list items = list_make(&sh->scratch);
    if (!expand_array_literal(sh, raw, &items)) return nullptr;
    struct value *array = value_make(VALUE_ARRAY);
    for (size_t i = 0; i < items.count; i++) {
        struct value *item = scalar(sh, inner, items.at[i], out_why);
        if (!item) return value_free(array), nullptr;
        value_insert(array, array->count, item);
    }
    return array;
}

static struct key read_key(struct assignment *a, char *word)
{
    struct key key = {.name = word};
    char *colon = word;
    while (*colon && *colon != ':') colon += *colon == '[' ? skip_group(colon, 0) : 1;
    if (*colon) *colon = 0, key.type = colon + 1;
    char *open = strchr(word, '[');
    if (!open) return key;
    size_t size = strlen(open);
    *open = 0;
    if (size == 2) key.type = "[str]";
    else key.index = arena_copy(&a->sh->scratch, open + 1, size - 2);
    return key;
}

static bool may_set(const char *name)
{
    static const char *const REFUSED[] = {"HOME", "HOST", "PWD", "MWD", "SWD", "?"};
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        if (!strcmp(name, REFUSED[i])) return false;
    return true;
}

static bool type_is_known(const char *type)
{
    size_t skip = *type == '[' ? 1 : !strncmp(type, "hmap[", 5) || !strncmp(type, "bmap[", 5) ? 5 : 0;
    size_t size = strlen(type);
    if (!skip) return !strcmp(type, "str") || !strcmp(type, "int") || !strcmp(type, "float") || !strcmp(type, "bool");
    if (size <= skip || type[size - 1] != ']') return false;
    char inner[64];
    if (size - skip - 1 >= sizeof inner) return false;
    memcpy(inner, type + skip, size - skip - 1);
    inner[size - skip - 1] = 0;
    return !*inner || type_is_known(inner);
}

static bool check_keys(struct assignment *a, struct key *keys)
{
    struct arena *arena = &a->sh->scratch;
    for (size_t i = 0; i < a->keys.count; i++) {
        keys[i] = read_key(a, a->keys.at[i]);
        const char *name = keys[i].name;
        if (!a->exporting && !may_set(name)) return refuse(a, arena_print(arena, "not allowed to set `%s`", name));
        if (!name_is_valid(name)) return refuse(a, "invalid variable name: only alphanumerical characters and underscores are supported");
        if (keys[i].type && !type_is_known(keys[i].type)) return refuse(a, arena_print(arena, "%s: unknown type `%s`", name, keys[i].type));
        for (size_t j = 0; j < i; j++)
            if (!strcmp(name, keys[j].name) && !keys[i].index)
                return refuse(a, arena_print(arena, "repeated assignment to same key, and thus ignored. Repeated key: '%s'", name));
    }
    if (a->keys.count == a->values.count) return true;
    bool values = a->values.count > a->keys.count;
    size_t last = (values ? a->keys.count : a->values.count) - 1;
    return refuse(a, arena_print(arena, "extra %s were supplied, and thus ignored. Previous assignment: '%s' = '%s'",
                                 values ? "values" : "keys", keys[last].name, a->values.at[last]));
}

static bool calculate(struct assignment *a, const char *left, const char *right, char **out_text)
{
    bool whole = is_number(left, false) && is_number(right, false);
    if ((!whole && (!is_number(left, true) || !is_number(right, true)))) return false;
    const char *operator = a->operator;
    struct arena *arena = &a->sh->scratch;
    if (!strcmp(operator, "/") || !strcmp(operator, "**")) {
        char *wide = arena_print(arena, "%s%s %s (%s%s)", left, whole ? ".0" : "", operator, right, whole ? ".0" : "");
        if (strtod(right, nullptr) == 0 && *operator == '/') return false;
        *out_text = arithmetic(a->sh, wide);
        if (!strpbrk(*out_text, ".e")) *out_text = arena_print(arena, "%s.0", *out_text);
        return true;
    }
    if (!strcmp(operator, "//")) {
        if (strtod(right, nullptr) == 0) return false;
        if (whole && strtoll(right, nullptr, 10) != -1) *out_text = arena_print(arena, "%lld", strtoll(left, nullptr, 10) / strtoll(right, nullptr, 10));
        else *out_text = arena_print(arena, "%.0f", __builtin_trunc(strtod(left, nullptr) / strtod(right, nullptr)));
        return true;
    }
    *out_text = arithmetic(a->sh, arena_print(arena, "(%s) %s (%s)", left, operator, right));
    return is_number(*out_text, true);
}

/* The new value of `name OPERATOR= raw`; null with why, or on a hard error without. */
static struct value *updated(struct assignment *a, const struct key *key, const char *raw)
{
    struct shell *sh = a->sh;
    struct entry *entry = scope_find_writable(sh->scope, key->name);
    if (!entry || entry->value->kind >= VALUE_FUNCTION)
        return refuse(a, arena_print(&sh->scratch, "cannot update non existing variable `%s`", key->name)), nullptr;
    struct value *old = entry->value;
    struct list items = list_make(&sh->scratch);
    bool array = is_bracketed(raw);
    char *text = nullptr;
    if (array ? !expand_array_literal(sh, raw, &items) : !expand_string(sh, raw, &text)) return nullptr;
    if (!array) list_add(&items, text);
    char c = a->operator[0];
    bool joins = !strcmp(a->operator, "++") || c == ':';
    char *why = arena_print(&sh->scratch, "type error: variable `%s` of type `%s` does not support operator", key->name,
                            old->kind == VALUE_ARRAY ? "array" : old->kind == VALUE_STRING ? "str" : "map");
    if (joins && old->kind == VALUE_STRING && !array)
        return value_string(arena_print(&sh->scratch, "%s%s", c == ':' ? text : old->text, c == ':' ? old->text : text));
    struct value *copy = value_copy(old);
    if (joins && old->kind != VALUE_ARRAY) return copy;
    if (joins || (c == '\\' && old->kind == VALUE_ARRAY)) {
        for (size_t i = 0; i < items.count; i++) {
            if (joins) value_insert(copy, c == ':' ? i : copy->count, value_string(items.at[i]));
            for (size_t j = copy->count; !joins && j-- > 0;)
                if (!strcmp(copy->entries[j].value->text, items.at[i])) value_remove(copy, j);
        }
        return copy;
    }
    bool good = !array && c != '\\' && !value_is_map(old);
    for (size_t i = 0; good && i < (old->kind == VALUE_STRING ? 1 : old->count); i++) {
        char **slot = old->kind == VALUE_STRING ? &copy->text : &copy->entries[i].value->text, *result;
        good = calculate(a, *slot, text, &result);
        if (!good) break;
        free(*slot);
        *slot = heap_copy(result);
    }
    if (good) return copy;
    value_free(copy);
    return refuse(a, why), nullptr;
}

static struct value *evaluate(struct assignment *a, const struct key *key, const char *raw)
{
    if (*a->operator && *a->operator != '?') return updated(a, key, raw);
    const char *type = key->type ? key->type : is_bracketed(raw) ? "[str]" : "str";
    char *why;
    struct value *value = value_typed(a->sh, type, raw, &why);
    if (!value && why) refuse(a, arena_print(&a->sh->scratch, "%s: %s", key->name, why));
    return value;
}

static bool store_index(struct assignment *a, const struct key *key, struct value **value)
{
    struct shell *sh = a->sh;
    struct entry *entry = scope_find_writable(sh->scope, key->name);
    char *index;
    if (!expand_string(sh, key->index, &index)) return false;
    if (!entry) return refuse(a, "index value does not exist");
    if ((*value)->kind != VALUE_STRING && entry->value->kind == VALUE_ARRAY) return refuse(a, "multi-dimensional arrays are not yet supported");
    if (value_is_map(entry->value)) {
        value_put(entry->value, index, *value);
        *value = nullptr;
        return true;
    }
    if (entry->value->kind != VALUE_ARRAY) return refuse(a, "cannot assign to an index of a string");
    char *end;
    unsigned long at = strtoul(index, &end, 10);
    if (!isdigit((unsigned char)*index) || *end)
        return refuse(a, arena_print(&sh->scratch, "index variable is not a numeric value: `%s`", index));
    if (at >= entry->value->count) return true;
    value_free(entry->value->entries[at].value);
    entry->value->entries[at].value = *value;
    *value = nullptr;
    return true;
}

static bool store(struct assignment *a, const struct key *key, struct value **value)
{
    if (a->exporting) {
        struct list all = list_make(&a->sh->scratch);
        if (value_is_map(*value)) return refuse(a, arena_print(&a->sh->scratch, "%s: maps cannot be exported", key->name));
        value_flatten(*value, &all);
        setenv(key->name, list_join(&all, " "), 1);
        return true;
    }
    if (key->index) return store_index(a, key, value);
    if (*a->operator != '?' || !scope_find(a->sh->scope, key->name)) {
        scope_set(a->sh->scope, key->name, *value);
        *value = nullptr;
    }
    return true;
}

static bool assign(struct assignment *a)
{
    size_t count = a->keys.count;
    struct key *keys = arena_alloc(&a->sh->scratch, count * sizeof *keys);
    struct value **values = arena_alloc(&a->sh->scratch, count * sizeof(struct value *));
    size_t made = 0;
    if (!check_keys(a, keys)) return false;
    while (made < count && (values[made] = evaluate(a, &keys[made], a->values.at[made]))) made++;
    bool good = made == count;
    for (size_t i = 0; good && i < count; i++) good = store(a, &keys[i], &values[i]);
    for (size_t i = 0; i < made; i++) value_free(values[i]);
    return good;
}

static void say(const char *text)
{
    (void)!write(1, text, strlen(text));
}

static void list_variables(struct shell *sh)
{
    struct arena *arena = &sh->scratch;
    for (const struct scope *scope = sh->scope; scope; scope = scope->outer) {
        for (size_t i = 0; i < scope->count; i++) {
            const struct value *value = scope->entries[i].value;
            if (value->kind >= VALUE_FUNCTION) continue;
            struct buf line = buf_make(arena);
            buf_text(&line, arena_print(arena, "%s = ", scope->entries[i].key));
            if (value->kind == VALUE_STRING) buf_text(&line, value->text);
            else buf_text(&line, "[ ");
            for (size_t j = 0; j < value->count; j++) {
                struct list all = list_make(arena);
                value_flatten(value->entries[j].value, &all);
                if (j) buf_text(&line, ", ");
                if (value->entries[j].key) buf_text(&line, arena_print(arena, "'%s'=", value->entries[j].key));
                buf_text(&line, arena_print(arena, "'%s'", list_join(&all, " ")));
            }
            if (value->kind != VALUE_STRING) buf_text(&line, value->count ? " ]" : "]");
            buf_text(&line, "\n");
            say(line.at);
        }
    }
}

static bool export_names(struct shell *sh, const struct list *names)
{
    extern char **environ;
    for (char **at = environ; !names->count && at && *at; at++) {
        char *equals = strchr(*at, '=');
        if (equals) say(arena_print(&sh->scratch, "%.*s = \"%s\"\n", (int)(equals - *at), *at, equals + 1));
    }
    for (size_t i = 0; i < names->count; i++) {
        const struct value *value = scope_find(sh->scope, names->at[i]);
        if (value && value->kind == VALUE_STRING) {
            setenv(names->at[i], value->text, 1);
        } else if (!getenv(names->at[i])) {
            char *message = arena_print(&sh->scratch, "ion: cannot export %s because it does not exist.\n", names->at[i]);
            (void)!write(2, message, strlen(message));
            return sh->status = 1, true;
        }
    }
    return sh->status = 0, true;
}

/* Where the operator's `=` is; the end when there is none. */
static size_t find_equals(const char *text)
{
    size_t i = 0;
    while (text[i] && text[i] != '=') i = text[i] == '[' ? skip_group(text, i) : i + 1;
    return i;
}

bool run_let(struct shell *sh, const char *text, bool exporting)
{
    struct assignment a = {.sh = sh, .keys = list_make(&sh->scratch), .values = list_make(&sh->scratch), .exporting = exporting};
    size_t equals = find_equals(text), end = equals;
    static const char *const OPERATORS[] = {"//", "**", "++", "::", "\\\\", "+", "-", "*", "/", "?"};
    for (size_t i = 0; text[equals] && i < sizeof OPERATORS / sizeof *OPERATORS; i++) {
        size_t size = strlen(OPERATORS[i]);
        if (equals < size || strncmp(text + equals - size, OPERATORS[i], size)) continue;
        memcpy(a.operator, OPERATORS[i], size);
        end = equals - size;
        break;
    }
    split_words(arena_copy(&sh->scratch, text, end), &a.keys);
    if (!text[equals] && exporting) return export_names(sh, &a.keys);
    if (!text[equals] && !a.keys.count) return list_variables(sh), sh->status = 0, true;
    if (!text[equals]) return fail(sh, "syntax error: no operator supplied for assignment");
    if (!a.keys.count) return fail(sh, "syntax error: no key supplied for assignment");
    split_words(text + equals + 1, &a.values);
    if (!a.values.count) return fail(sh, "syntax error: no values supplied for assignment");
    if (exporting) memset(a.operator, 0, sizeof a.operator);
    bool good = assign(&a);
    sh->status = good ? 0 : 1;
    if (good) return true;
    if (!a.why) return false;
    char *message = arena_print(&sh->scratch, "ion: assignment error: %s\n", a.why);
    (void)!write(2, message, strlen(message));
    return true;
}
