/* SPDX-License-Identifier: MIT
 * `let` and `export`: all values are made before any is stored; what goes wrong is a status, and nothing is stored. */
#include "expand/expand.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job_of_let {
    struct shell *sh;
    const struct assignment *assignment;
    bool exporting;
    char *why;               /* null with an error: it is a hard one */
};

static bool refuse(struct job_of_let *a, char *why)
{
    a->why = why;
    return false;
}

static bool is_float(const char *text)
{
    char *end;
    bool starts = isdigit((unsigned char)*text) || (*text && strchr("+-.iInN", *text));
    if (!starts || strchr(text, 'x') || strchr(text, 'X')) return false;
    strtod(text, &end);
    return end > text && !*end;
}

static bool is_whole(const char *text)
{
    long number;
    return whole_number(text, &number);
}

static char *print_type(struct arena *arena, const char *type)
{
    if (!strcmp(type, "hmap[str]")) return "hmap[]";
    return strcmp(type, "bmap[str]") ? arena_copy(arena, type, strlen(type)) : "bmap[]";
}

static struct value *scalar(struct shell *sh, const char *type, const char *text, char **out_why)
{
    bool good = !strcmp(type, "str");
    if (!strcmp(type, "int")) good = is_whole(text);
    if (!strcmp(type, "float")) good = is_float(text);
    if (!strcmp(type, "bool")) {
        bool yes = !strcmp(text, "true") || !strcmp(text, "1") || !strcmp(text, "y");
        good = yes || !strcmp(text, "false") || !strcmp(text, "0") || !strcmp(text, "n");
        text = yes ? "true" : "false";
    }
    if (good) return value_string(text);
    *out_why = arena_print(&sh->scratch, "expected %s", type);
    return nullptr;
}

/* What is inside the type's brackets. */
static char *inner_type(struct arena *arena, const char *type)
{
    size_t skip = is_map_type(type) ? 5 : 1, size = strlen(type);
    return size > skip + 1 ? arena_copy(arena, type + skip, size - skip - 1) : "str";
}

static struct value *map_literal(struct shell *sh, const char *type, const struct words *words, char **out_why)
{
    struct value *map = value_make(*type == 'h' ? VALUE_HMAP : VALUE_BMAP);
    char *inner = inner_type(&sh->scratch, type);
    for (size_t i = 0; i < words->count; i++) {
        char *raw = arena_copy(&sh->scratch, words->at[i].raw, strlen(words->at[i].raw)), *equals = strchr(raw, '='), *key;
        if (!equals) return *out_why = arena_print(&sh->scratch, "expected %s", inner), value_free(map), nullptr;
        *equals = 0;
        struct word key_word = word_make(&sh->scratch, raw), value_word = word_make(&sh->scratch, equals + 1);
        struct value *item = expand_string(sh, &key_word, &key) ? value_typed(sh, inner, &value_word, out_why) : nullptr;
        if (!item) return value_free(map), nullptr;
        value_put(map, key, item);
    }
    return map;
}

static struct value *array_literal(struct shell *sh, const char *type, const struct words *words, char **out_why)
{
    struct list items = list_make(&sh->scratch);
    struct value *array = value_make(VALUE_ARRAY);
    char *inner = inner_type(&sh->scratch, type);
    bool nested = *inner == '[' || is_map_type(inner), good = true;
    for (size_t i = 0; good && nested && i < words->count; i++) {
        struct value *item = value_typed(sh, inner, &words->at[i], out_why);
        if (item) value_insert(array, array->count, item);
        else good = false;
    }
    if (good && !nested) good = expand_words(sh, (struct words *)words, &items);
    for (size_t i = 0; good && i < items.count; i++) {
        struct value *item = scalar(sh, inner, items.at[i], out_why);
        if (item) value_insert(array, array->count, item);
        else good = false;
    }
    if (good) return array;
    value_free(array);
    return nullptr;
}

/* The elements of a bracketed word; those of the program's are read once. */
static const struct words *bracket_words(struct shell *sh, struct word *word, struct words *made)
{
    word_ready(word);
    if (word->parts && word->parts->kind == PART_LITERAL) return &word->parts->arguments;
    size_t size = strlen(word->raw);
    *made = words_make(&sh->scratch, arena_copy(&sh->scratch, word->raw + 1, size - 2), word->program, word->origin ? word->origin + 1 : nullptr);
    return made;
}

struct value *value_typed(struct shell *sh, const char *type, struct word *word, char **out_why)
{
    bool bracketed = is_bracketed(word->raw), map = is_map_type(type);
    struct words made;
    *out_why = nullptr;
    if (!map && *type != '[') {
        char *text;
        if (bracketed) return *out_why = arena_print(&sh->scratch, "expected %s, but received [str]", type), nullptr;
        return expand_string(sh, word, &text) ? scalar(sh, type, text, out_why) : nullptr;
    }
    if (!bracketed) return *out_why = arena_print(&sh->scratch, "expected %s, but received str", print_type(&sh->scratch, type)), nullptr;
    if (!enter(sh)) return nullptr;
    const struct words *words = bracket_words(sh, word, &made);
    struct value *value = map ? map_literal(sh, type, words, out_why) : array_literal(sh, type, words, out_why);
    leave(sh);
    return value;
}

static bool may_set(const char *name)
{
    static const char *const REFUSED[] = {"HOME", "HOST", "PWD", "MWD", "SWD", "?"};
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++)
        if (!strcmp(name, REFUSED[i])) return false;
    return true;
}

static bool check_keys(struct job_of_let *a)
{
    struct arena *arena = &a->sh->scratch;
    const struct key *keys = a->assignment->keys;
    const struct words *values = &a->assignment->values;
    for (size_t i = 0; i < a->assignment->count; i++) {
        const char *name = keys[i].name;
        if (!a->exporting && !may_set(name)) return refuse(a, arena_print(arena, "not allowed to set `%s`", name));
        if (!name_is_valid(name)) return refuse(a, "invalid variable name: only alphanumerical characters and underscores are supported");
        if (keys[i].type && !type_is_known(keys[i].type)) return refuse(a, arena_print(arena, "%s: unknown type `%s`", name, keys[i].type));
        for (size_t j = 0; j < i; j++)
            if (keys[i].hash == keys[j].hash && !strcmp(name, keys[j].name) && !keys[i].index)
                return refuse(a, arena_print(arena, "repeated assignment to same key, and thus ignored. Repeated key: '%s'", name));
    }
    if (a->assignment->count == values->count) return true;
    bool extra = values->count > a->assignment->count;
    size_t last = (extra ? a->assignment->count : values->count) - 1;
    return refuse(a, arena_print(arena, "extra %s were supplied, and thus ignored. Previous assignment: '%s' = '%s'",
                                 extra ? "values" : "keys", keys[last].name, values->at[last].raw));
}

/* As the language prints doubles: all digits, never an exponent, always a point. */
static char *print_double(struct arena *arena, double value)
{
    char text[40];
    if (isnan(value)) return "NaN";
    if (isinf(value)) return value < 0 ? "-inf" : "inf";
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, nullptr) == value) break;
    }
    if (!strchr(text, 'e')) return arena_print(arena, "%s%s", text, strchr(text, '.') ? "" : ".0");
    char *plain = arena_print(arena, "%.*f", fabs(value) < 1 ? 340 : 1, value);
    size_t size = strlen(plain);
    while (size > 1 && plain[size - 1] == '0' && plain[size - 2] != '.') plain[--size] = 0;
    return plain;
}

static bool doubles(struct job_of_let *a, const char *left, const char *right, char **out_text)
{
    struct arena *arena = &a->sh->scratch;
    if (!is_float(left) || !is_float(right)) return false;
    double x = strtod(left, nullptr), y = strtod(right, nullptr), result = 0;
    switch (a->assignment->operator) {
    case ASSIGN_ADD: result = x + y; break;
    case ASSIGN_SUBTRACT: result = x - y; break;
    case ASSIGN_MULTIPLY: result = x * y; break;
    case ASSIGN_DIVIDE: result = x / y; break;
    case ASSIGN_POWER: result = pow(x, y); break;
    default:
        result = trunc(x / y);
        if (!isfinite(result) || fabs(result) > 9e18) return false;
        return *out_text = arena_number(arena, (long long)result), true;
    }
    return *out_text = print_double(arena, result), true;
}

typedef __int128 wide;

static bool wide_number(const char *text, wide *out)
{
    bool negative = *text == '-';
    const char *digits = text + (negative || *text == '+');
    *out = 0;
    if (!*digits) return false;
    for (; *digits; digits++) {
        wide digit = negative ? '0' - *digits : *digits - '0';
        if (!isdigit((unsigned char)*digits) || __builtin_mul_overflow(*out, (wide)10, out) || __builtin_add_overflow(*out, digit, out)) return false;
    }
    return true;
}

static char *print_wide(struct arena *arena, wide value)
{
    char digits[48], *at = digits + sizeof digits;
    unsigned __int128 rest = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    do *--at = (char)('0' + (int)(rest % 10));
    while (rest /= 10);
    if (value < 0) *--at = '-';
    return arena_copy(arena, at, (size_t)(digits + sizeof digits - at));
}

/* Whole when both sides are; quotients and powers are always doubles. */
static bool calculated(struct job_of_let *a, const char *left, const char *right, char **out_text)
{
    enum operator operator = a->assignment->operator;
    wide x, y, z;
    if (operator == ASSIGN_DIVIDE || operator == ASSIGN_POWER || !wide_number(right, &y) || !wide_number(left, &x))
        return doubles(a, left, right, out_text);
    bool failed = operator == ASSIGN_ADD        ? __builtin_add_overflow(x, y, &z)
                  : operator == ASSIGN_SUBTRACT ? __builtin_sub_overflow(x, y, &z)
                  : operator == ASSIGN_MULTIPLY ? __builtin_mul_overflow(x, y, &z)
                                                : y == 0;
    if (failed) return false;
    if (operator == ASSIGN_DIVIDE_WHOLE) {
        if (y == -1) failed = __builtin_sub_overflow((wide)0, x, &z);
        else z = x / y;
    }
    if (failed) return false;
    *out_text = z == (long long)z ? arena_number(&a->sh->scratch, (long long)z) : print_wide(&a->sh->scratch, z);
    return true;
}

static char *not_supported(struct job_of_let *a, const struct key *key, const struct value *old)
{
    return arena_print(&a->sh->scratch, "type error: variable `%s` of type `%s` does not support operator", key->name,
                       old->kind == VALUE_ARRAY ? "[str]" : old->kind == VALUE_STRING ? "str" : old->kind == VALUE_HMAP ? "hmap[]" : "bmap[]");
}

/* Elements put at an end of an array, or taken out of it. */
static struct value *joined(struct job_of_let *a, const struct value *old, const struct list *items)
{
    enum operator operator = a->assignment->operator;
    struct value *copy = value_copy(old);
    for (size_t i = 0; i < items->count; i++) {
        if (operator != ASSIGN_REMOVE) {
            value_insert(copy, operator == ASSIGN_PREPEND ? i : copy->count, value_string(items->at[i]));
            continue;
        }
        for (size_t j = copy->count; j-- > 0;)
            if (copy->entries[j].value->text && !strcmp(copy->entries[j].value->text, items->at[i])) value_remove(copy, j);
    }
    return copy;
}

static struct value *with_each_calculated(struct job_of_let *a, const struct key *key, const struct value *old, const char *text)
{
    struct value *copy = value_copy(old);
    size_t count = old->kind == VALUE_STRING ? 1 : old->count;
    bool good = !value_is_map(old);
    for (size_t i = 0; good && i < count; i++) {
        struct value *slot = old->kind == VALUE_STRING ? copy : copy->entries[i].value;
        char *result;
        good = slot->text && calculated(a, slot->text, text, &result);
        if (good) value_set_text(slot, result, strlen(result));
    }
    if (good) return copy;
    value_free(copy);
    return refuse(a, not_supported(a, key, old)), nullptr;
}

/* The index of an array's element; false: that is no index, and why. */
static bool read_index(struct job_of_let *a, const char *index, size_t *out_at)
{
    char *end;
    *out_at = strtoul(index, &end, 10);
    if (isdigit((unsigned char)*index) && !*end) return true;
    return refuse(a, arena_print(&a->sh->scratch, "index variable is not a numeric value: `%s`", index));
}

/* What `name[index]` is now; null with why. */
static struct value *element(struct job_of_let *a, struct value *whole, const char *index)
{
    size_t at;
    if (whole->kind == VALUE_STRING) return refuse(a, "cannot assign to an index of a string"), nullptr;
    if (whole->kind == VALUE_ARRAY && !read_index(a, index, &at)) return nullptr;
    struct value *found = value_is_map(whole) ? (struct value *)value_get(whole, index) : at < whole->count ? whole->entries[at].value : nullptr;
    if (!found) refuse(a, "index value does not exist");
    return found;
}

/* The new value of `name OPERATOR= word`; null with why, or on a hard error without. */
static struct value *updated(struct job_of_let *a, const struct key *key, struct word *word)
{
    struct shell *sh = a->sh;
    enum operator operator = a->assignment->operator;
    struct list items = list_make(&sh->scratch);
    bool array = is_bracketed(word->raw), joins = operator == ASSIGN_APPEND || operator == ASSIGN_PREPEND;
    char *text = nullptr, *index = nullptr;
    if (key->index && !expand_string(sh, key->index, &index)) return nullptr;
    if (array ? !expand_array_literal(sh, word->raw, &items) : !expand_string(sh, word, &text)) return nullptr;
    struct entry *entry = scope_find_writable(sh->scope, key->name);
    if (!entry || !value_is_variable(entry->value))
        return refuse(a, arena_print(&sh->scratch, "cannot update non existing variable `%s`", key->name)), nullptr;
    struct value *old = index ? element(a, entry->value, index) : entry->value;
    if (!old) return nullptr;
    if (!array) list_add(&items, text);
    if (joins && old->kind == VALUE_STRING && !array) {
        if (old->size + strlen(text) > sh->text_max) return fail(sh, "expansion error: a text of more than %zu bytes", sh->text_max), nullptr;
        bool front = operator == ASSIGN_PREPEND;
        return value_string(arena_print(&sh->scratch, "%s%s", front ? text : old->text, front ? old->text : text));
    }
    if (joins && old->kind != VALUE_ARRAY) return value_copy(old);
    if (joins || (operator == ASSIGN_REMOVE && old->kind == VALUE_ARRAY)) return joined(a, old, &items);
    if (array || operator == ASSIGN_REMOVE) return refuse(a, not_supported(a, key, old)), nullptr;
    return with_each_calculated(a, key, old, text);
}

static struct value *evaluated(struct job_of_let *a, const struct key *key, struct word *word)
{
    if (a->assignment->operator > ASSIGN_MISSING && !a->exporting) return updated(a, key, word);
    const char *type = key->type ? key->type : is_bracketed(word->raw) ? "[str]" : "str";
    char *why;
    struct value *value = value_typed(a->sh, type, word, &why);
    if (!value && why) refuse(a, arena_print(&a->sh->scratch, "%s: %s", key->name, why));
    return value;
}

/* What the indexed key number `which` changes: what an earlier key of the statement gives that variable, or what it is now. */
static const struct value *indexed(const struct job_of_let *a, size_t which, struct value *const *values)
{
    const struct key *keys = a->assignment->keys;
    for (size_t i = which; i-- > 0;)
        if (!keys[i].index && keys[i].hash == keys[which].hash && !strcmp(keys[i].name, keys[which].name)) return values[i];
    const struct entry *entry = scope_find_writable(a->sh->scope, keys[which].name);
    return entry ? entry->value : nullptr;
}

/* All that can be wrong with storing, before anything is stored. */
static bool check_index(struct job_of_let *a, size_t which, struct value *const *values, char **out_index)
{
    size_t at;
    if (!expand_string(a->sh, a->assignment->keys[which].index, out_index)) return false;
    const struct value *target = indexed(a, which, values);
    if (!target || !value_is_variable(target)) return refuse(a, "index value does not exist");
    if (values[which]->kind != VALUE_STRING && target->kind == VALUE_ARRAY) return refuse(a, "multi-dimensional arrays are not yet supported");
    if (value_is_map(target)) return true;
    if (target->kind != VALUE_ARRAY) return refuse(a, "cannot assign to an index of a string");
    return read_index(a, *out_index, &at);
}

static void store_index(struct job_of_let *a, const struct key *key, const char *index, struct value **value)
{
    const struct entry *entry = scope_find_writable(a->sh->scope, key->name);
    struct value *target = entry ? entry->value : nullptr;
    if (!target) return;
    if (value_is_map(target)) {
        value_put(target, index, *value);
        *value = nullptr;
        return;
    }
    size_t at = strtoul(index, nullptr, 10);
    if (target->kind != VALUE_ARRAY || at >= target->count) return;
    value_free(target->entries[at].value);
    target->entries[at].value = *value;
    *value = nullptr;
}

static bool store(struct job_of_let *a, const struct key *key, const char *index, struct value **value)
{
    if (a->exporting) {
        struct list all = list_make(&a->sh->scratch);
        if (value_is_map(*value)) return refuse(a, arena_print(&a->sh->scratch, "%s: maps cannot be exported", key->name));
        value_flatten(*value, &all);
        setenv(key->name, all.count ? list_join(&all, " ") : "", 1);
        return true;
    }
    if (key->index) return store_index(a, key, index, value), true;
    if (a->assignment->operator != ASSIGN_MISSING || !value_is_variable(scope_find_hashed(a->sh->scope, key->name, key->hash))) {
        scope_set(a->sh->scope, key->name, *value);
        *value = nullptr;
    }
    return true;
}

static bool assign(struct job_of_let *a)
{
    const struct assignment *it = a->assignment;
    struct value **values = arena_alloc(&a->sh->scratch, it->count * sizeof(struct value *));
    char **indexes = arena_alloc(&a->sh->scratch, it->count * sizeof(char *));
    size_t made = 0;
    if (!check_keys(a)) return false;
    while (made < it->count && (values[made] = evaluated(a, &it->keys[made], &it->values.at[made]))) made++;
    bool good = made == it->count;
    for (size_t i = 0; good && i < it->count; i++) {
        indexes[i] = nullptr;
        good = a->exporting || !it->keys[i].index || check_index(a, i, values, &indexes[i]);
    }
    for (size_t i = 0; good && i < it->count; i++) good = store(a, &it->keys[i], indexes[i], &values[i]);
    for (size_t i = 0; i < made; i++) value_free(values[i]);
    return good;
}

static void list_variable(struct shell *sh, const char *name, const struct value *value)
{
    struct arena *arena = &sh->scratch;
    struct buf line = buf_make(arena);
    if (!value_is_variable(value)) return;
    buf_text(&line, name);
    buf_text(&line, value->kind == VALUE_STRING ? " = " : " = [ ");
    if (value->kind == VALUE_STRING) buf_text(&line, value->text);
    for (size_t j = 0; j < value->count; j++) {
        struct list all = list_make(arena);
        value_flatten(value->entries[j].value, &all);
        if (j) buf_text(&line, ", ");
        if (value->entries[j].key) buf_text(&line, arena_print(arena, "'%s'=", value->entries[j].key));
        buf_text(&line, arena_print(arena, "'%s'", all.count ? list_join(&all, " ") : ""));
    }
    if (value->kind != VALUE_STRING) buf_text(&line, value->count ? " ]" : "]");
    buf_char(&line, '\n');
    say(sh, line.at, line.size);
}

static bool list_variables(struct shell *sh)
{
    for (const struct scope *scope = sh->scope; scope; scope = scope->outer)
        for (size_t i = 0; i < scope->count; i++) list_variable(sh, scope->entries[i].key, scope->entries[i].value);
    return sh->status = 0, true;
}

static bool export_names(struct shell *sh, const struct assignment *it)
{
    extern char **environ;
    for (char **at = environ; !it->count && at && *at; at++) {
        char *equals = strchr(*at, '=');
        if (equals) sayf(sh, "%.*s = \"%s\"\n", (int)(equals - *at), *at, equals + 1);
    }
    sh->status = 0;
    for (size_t i = 0; i < it->count; i++) {
        const char *name = it->keys[i].name;
        const struct value *value = scope_find(sh->scope, name);
        if (value && value->kind == VALUE_STRING && *name) {
            setenv(name, value->text, 1);
        } else if (!*name || !getenv(name)) {
            complain(sh, "ion: cannot export %s because it does not exist.\n", name);
            return sh->status = 1, true;
        }
    }
    return true;
}

/* `let name += 1` and the like, where both are whole and the sum is too: in place. */
static bool assign_sum(struct shell *sh, const struct assignment *it, bool *out_done)
{
    const struct key *key = it->keys;
    long x, y, z;
    char *text;
    if (it->operator < ASSIGN_ADD || it->operator > ASSIGN_MULTIPLY || it->count != 1 || it->values.count != 1 || key->type || key->index) return true;
    if (*it->values.at->raw == '[' || it->values.at->shape == WORD_BRACES || !may_set(key->name)) return true;
    word_ready(it->values.at);
    if (it->values.at->shape != WORD_PLAIN && it->values.at->shape != WORD_STRING) return true;
    struct entry *entry = scope_find_writable(sh->scope, key->name);
    if (!entry || entry->value->kind != VALUE_STRING || !whole_number(entry->value->text, &x)) return true;
    if (it->values.at->shape == WORD_STRING && it->values.at->parts->kind != PART_VARIABLE) return true;
    if (!expand_string(sh, it->values.at, &text)) return false;
    if (!whole_number(text, &y)) return true;
    bool overflow = it->operator == ASSIGN_ADD        ? __builtin_add_overflow(x, y, &z)
                    : it->operator == ASSIGN_SUBTRACT ? __builtin_sub_overflow(x, y, &z)
                                                      : __builtin_mul_overflow(x, y, &z);
    if (overflow) return true;
    text = arena_number(&sh->scratch, z);
    value_set_text(entry->value, text, strlen(text));
    *out_done = true;
    if (!sh->exiting) sh->status = 0;
    return true;
}

/* `let name ++= ...` where the name is an array: at its end, without a copy of what is there. */
static bool assign_appended(struct shell *sh, const struct assignment *it, bool *out_done)
{
    const struct key *key = it->keys;
    struct list items = list_make(&sh->scratch);
    if (it->count != 1 || it->values.count != 1 || key->type || key->index || !may_set(key->name)) return true;
    struct entry *entry = scope_find_writable(sh->scope, key->name);
    if (!entry || entry->value->kind != VALUE_ARRAY) return true;
    struct word *word = it->values.at;
    char *text;
    if (is_bracketed(word->raw) ? !expand_array_literal(sh, word->raw, &items) : !expand_string(sh, word, &text)) return false;
    if (!is_bracketed(word->raw)) list_add(&items, text);
    entry = scope_find_writable(sh->scope, key->name);
    if (!entry || entry->value->kind != VALUE_ARRAY) return true;
    for (size_t i = 0; i < items.count; i++) value_insert(entry->value, entry->value->count, value_string(items.at[i]));
    *out_done = true;
    if (!sh->exiting) sh->status = 0;
    return true;
}

/* `let name = text` and the like, of which scripts are full: no type, one key, and nothing that could be refused. */
static bool assign_text(struct shell *sh, const struct assignment *it, bool *out_done)
{
    const struct key *key = it->keys;
    *out_done = false;
    if (it->operator == ASSIGN_APPEND) return assign_appended(sh, it, out_done);
    if (it->operator != ASSIGN) return assign_sum(sh, it, out_done);
    if (it->count != 1 || it->values.count != 1 || key->type || key->index) return true;
    if (*it->values.at->raw == '[' || !name_is_valid(key->name) || !may_set(key->name)) return true;
    char *text;
    if (!expand_string(sh, it->values.at, &text)) return false;
    scope_set_text(sh->scope, key->name, key->hash, text, strlen(text));
    *out_done = true;
    if (!sh->exiting) sh->status = 0;
    return true;
}

bool run_assignment(struct shell *sh, const struct stmt *stmt)
{
    const struct assignment *it = stmt->assignment;
    bool exporting = stmt->kind == STMT_EXPORT;
    struct job_of_let a = {.sh = sh, .assignment = it, .exporting = exporting};
    bool done = false;
    if (!it->values.count) return exporting ? export_names(sh, it) : list_variables(sh);
    bool good = exporting || assign_text(sh, it, &done);
    if (good && !done) good = assign(&a);
    if (!good && !a.why) return false;
    if (sh->exiting) return true;
    sh->status = good ? 0 : 1;
    if (good) return true;
    complain(sh, "ion: assignment error: %s\n", a.why);
    if (stmt->program->text) error_at(sh, stmt->program, stmt->place, stmt->width);
    report_place(sh);
    return true;
}
