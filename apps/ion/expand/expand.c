/* SPDX-License-Identifier: MIT
 * Words (expand.h). A word is read once from left to right; what it becomes is collected twice: as text, and as a pattern in
 * which quoted bytes follow a backslash. */
#include "expand/expand.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct word {
    struct buf text, pattern;
    bool globbing;
};

static void put(struct word *w, char c, bool quoted)
{
    buf_char(&w->text, c);
    if (!quoted && strchr("*?[", c)) w->globbing = true;
    if (quoted && strchr("*?[]\\", c)) buf_char(&w->pattern, '\\');
    buf_char(&w->pattern, c);
}

static void put_text(struct word *w, const char *text)
{
    for (; *text; text++) put(w, *text, true);
}

static size_t name_size(const char *at)
{
    size_t size = 0;
    while (isalnum((unsigned char)at[size]) || at[size] == '_' || (unsigned char)at[size] >= 0x80) size++;
    return size;
}

/* The text between the bracket at **at and its partner; *at goes past it. */
static char *take_group(struct shell *sh, const char **at)
{
    size_t size = skip_group(*at, 0);
    char *inside = arena_copy(&sh->scratch, *at + 1, size < 2 ? 0 : size - 2);
    *at += size;
    return inside;
}

static bool take_slice(struct shell *sh, const char **at, struct slice *slice, bool *out_present)
{
    *out_present = **at == '[';
    char *text;
    if (!*out_present) return true;
    if (!expand_string(sh, take_group(sh, at), &text)) return false;
    *slice = slice_parse(text);
    return true;
}

static bool special_variable(struct shell *sh, const char *name, char **out_text)
{
    if (!strcmp(name, "?")) return *out_text = arena_print(&sh->scratch, "%d", sh->status), true;
    if (strcmp(name, "SWD") && strcmp(name, "MWD")) return false;
    char here[4096];
    if (!getcwd(here, sizeof here)) return false;
    const char *home = getenv("HOME");
    size_t size = home ? strlen(home) : 0;
    bool inside = size > 1 && !strncmp(here, home, size) && (!here[size] || here[size] == '/');
    *out_text = inside ? arena_print(&sh->scratch, "~%s", here + size) : arena_copy(&sh->scratch, here, strlen(here));
    return true;
}

static bool variable_text(struct shell *sh, const char *name, char **out_text)
{
    const struct value *value = scope_find(sh->scope, name);
    if (value && value->kind == VALUE_STRING) return *out_text = arena_copy(&sh->scratch, value->text, strlen(value->text)), true;
    if (special_variable(sh, name, out_text)) return true;
    const char *environment = *name ? getenv(name) : nullptr;
    if (!environment) return fail(sh, "expansion error: Variable \"%s\" does not exist", name);
    *out_text = arena_copy(&sh->scratch, environment, strlen(environment));
    return true;
}

static const char *const COLORS[] = {"black", "red", "green", "yellow", "blue", "magenta", "cyan", "light_gray", nullptr, "default",
    [60] = "dark_gray", "light_red", "light_green", "light_yellow", "light_blue", "light_magenta", "light_cyan"};
static const struct { const char *name, *code; } ATTRIBUTES[] = {
    {"bold", "1"}, {"dim", "2"}, {"underlined", "4"}, {"blink", "5"}, {"reverse", "7"}, {"hidden", "8"}};

static bool color_code(struct shell *sh, char *color, struct list *front, struct list *back)
{
    size_t size = strlen(color);
    bool background = size > 2 && !strcmp(color + size - 2, "bg");
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof *ATTRIBUTES; i++)
        if (!strcmp(color, ATTRIBUTES[i].name)) return list_add(front, (char *)ATTRIBUTES[i].code), true;
    if (!strcmp(color, "whitebg")) return list_add(back, "107"), true;
    if (background) color = arena_copy(&sh->scratch, color, size - 2);
    struct list *to = back;
    int base = background ? 40 : 30;
    for (size_t i = 0; i < sizeof COLORS / sizeof *COLORS; i++)
        if (COLORS[i] && !strcmp(color, COLORS[i])) return list_add(to, arena_print(&sh->scratch, "%d", base + (int)i)), true;
    char *end;
    bool hex = !strncmp(color, "0x", 2);
    unsigned long number = strtoul(color, &end, hex ? 16 : 10);
    if (!isdigit((unsigned char)*color) || *end) return fail(sh, "expansion error: could not parse '%s' as a color", color);
    size_t digits = hex ? strlen(color) - 2 : 0;
    if (digits == 6)
        list_add(to, arena_print(&sh->scratch, "%d;2;%lu;%lu;%lu", base + 8, number >> 16, number >> 8 & 255, number & 255));
    else if (number < 256) list_add(to, arena_print(&sh->scratch, "%d;5;%lu", base + 8, number));
    else return fail(sh, "expansion error: could not parse '%s' as a color", color);
    return true;
}

static bool color_text(struct shell *sh, char *list, char **out_text)
{
    struct list front = list_make(&sh->scratch), back = list_make(&sh->scratch);
    if (!*list) return fail(sh, "expansion error: no properties given to color");
    for (char *color = strtok(list, ","); color; color = strtok(nullptr, ",")) {
        if (!strcmp(color, "reset")) return *out_text = "\x1b[0m", true;
        if (!color_code(sh, color, &front, &back)) return false;
    }
    for (size_t i = 0; i < back.count; i++) list_add(&front, back.at[i]);
    *out_text = arena_print(&sh->scratch, "\x1b[%sm", list_join(&front, ";"));
    return true;
}

static bool hex_text(struct shell *sh, const char *digits, char **out_text)
{
    char *end;
    unsigned long number = strtoul(digits, &end, 16);
    if (!*digits || *end || number > 0x10ffff)
        return fail(sh, "expansion error: could not parse '%s' as hexadecimal value: invalid digit found in string", digits);
    char bytes[5] = {(char)number};
    int size = number < 0x80 ? 1 : number < 0x800 ? 2 : number < 0x10000 ? 3 : 4;
    for (int i = size - 1; size > 1 && i >= 0; i--, number >>= 6)
        bytes[i] = (char)(i ? 0x80 | (number & 63) : (0xf0 << (4 - size) & 0xff) | number);
    *out_text = arena_copy(&sh->scratch, bytes, strlen(bytes));
    return true;
}

static struct scope *beyond_function(struct scope *scope)
{
    while (scope && !scope->boundary) scope = scope->outer;
    return scope ? scope->outer : nullptr;
}

static bool scoped_text(struct shell *sh, struct scope *scope, const char *name, char **out_text)
{
    const struct value *value = scope ? scope_find(scope, name) : nullptr;
    if (!value || value->kind != VALUE_STRING) return fail(sh, "expansion error: Variable \"%s\" does not exist", name);
    *out_text = arena_copy(&sh->scratch, value->text, strlen(value->text));
    return true;
}

/* The inside of `${...}`. */
static bool braced_text(struct shell *sh, char *inside, char **out_text)
{
    struct scope *scope = sh->scope;
    bool super = false;
    for (; !strncmp(inside, "super::", 7); inside += 7, super = true) scope = beyond_function(scope);
    if (super) return scoped_text(sh, scope, inside, out_text);
    char *colons = strstr(inside, "::");
    if (!colons) return variable_text(sh, inside, out_text);
    *colons = 0;
    char *name = colons + 2;
    if (!strcmp(inside, "global")) return scoped_text(sh, &sh->global, name, out_text);
    if (!strcmp(inside, "x") || !strcmp(inside, "hex")) return hex_text(sh, name, out_text);
    if (!strcmp(inside, "c") || !strcmp(inside, "color")) return color_text(sh, name, out_text);
    if (strcmp(inside, "env")) return fail(sh, "expansion error: namespace '%s' is unsupported", inside);
    const char *environment = getenv(name);
    *out_text = arena_copy(&sh->scratch, environment ? environment : "", environment ? strlen(environment) : 0);
    return true;
}

/* At a `$`: what it stands for. */
static bool take_string(struct shell *sh, const char **at, char **out_text)
{
    bool sliced, may_slice = true;
    struct slice slice;
    const char *p = *at + 1;
    if (p[0] == '(' && p[1] == '(') {
        char *inside = take_group(sh, &p);
        size_t size = strlen(inside);
        *out_text = arithmetic(sh, arena_copy(&sh->scratch, inside + 1, size > 1 ? size - 2 : 0));
        may_slice = false;
    } else if (*p == '(') {
        if (!capture(sh, take_group(sh, &p), out_text)) return false;
    } else if (*p == '{') {
        if (!braced_text(sh, take_group(sh, &p), out_text)) return false;
    } else {
        size_t size = *p == '?' ? 1 : name_size(p);
        char *name = arena_copy(&sh->scratch, p, size);
        p += size;
        if (*p == '(' && size) {
            may_slice = !strcmp(name, "join");
            if (!string_method(sh, name, take_group(sh, &p), out_text)) return false;
        } else if (!variable_text(sh, name, out_text)) {
            return false;
        }
    }
    if (may_slice) {
        if (!take_slice(sh, &p, &slice, &sliced)) return false;
        if (sliced) *out_text = slice_string(sh, *out_text, &slice);
    }
    *at = p;
    return true;
}

/* What `[SEL]` leaves of a list: out of range is nothing, or an error. */
static bool select_from(struct shell *sh, const struct list *from, const struct slice *slice, bool strict, struct list *out)
{
    size_t start, end;
    if (slice->kind == SLICE_KEY) return fail(sh, "expansion error: can't use key '%s' on array", slice->text);
    if (!slice_resolve(slice, from->count, &start, &end)) {
        if (!strict) return true;
        if (slice->kind == SLICE_INDEX)
            return fail(sh, "expansion error: Invalid index %ld for sequence with length %zu", slice->from, from->count);
        return fail(sh, "expansion error: Invalid range between (%ld,%ld) for sequence with length %zu", slice->from,
                    slice->open_end ? (long)from->count : slice->to, from->count);
    }
    for (size_t i = start; i < end; i++) list_add(out, from->at[i]);
    return true;
}

static bool select_key(struct shell *sh, const struct value *map, const struct slice *slice, struct list *out)
{
    if (slice->kind == SLICE_RANGE) return fail(sh, "expansion error: can't use a range on a map: '%s'", slice->text);
    const struct value *value = value_get(map, slice->text);
    if (value) value_flatten(value, out);
    else list_add(out, "");
    return true;
}

static bool array_variable(struct shell *sh, const char *name, const char **at, struct list *out)
{
    const struct value *value = scope_find(sh->scope, name);
    if (!value || value->kind >= VALUE_FUNCTION) return fail(sh, "expansion error: Variable \"%s\" does not exist", name);
    if (value->kind == VALUE_STRING) return fail(sh, "expansion error: can't expand a scalar value '%s' as an array-like", name);
    if (**at != '[') {
        value_flatten(value, out);
        return true;
    }
    char *selection = take_group(sh, at);
    if (!expand_string(sh, selection, &selection)) return false;
    if (value_is_map(value)) {
        struct slice slice = slice_parse(selection);
        return select_key(sh, value, &slice, out);
    }
    struct list all = list_make(&sh->scratch), selectors = list_make(&sh->scratch);
    value_flatten(value, &all);
    split_words(selection, &selectors);
    for (size_t i = 0; i < selectors.count; i++) {
        struct slice slice = slice_parse(selectors.at[i]);
        if (slice.kind == SLICE_KEY)
            return fail(sh, "expansion error: index '%s' is not valid for array variable '%s'", selectors.at[i], name);
        if (!select_from(sh, &all, &slice, true, out)) return false;
    }
    return true;
}

/* At an `@`: what it stands for. */
static bool take_array(struct shell *sh, const char **at, struct list *out)
{
    struct list all = list_make(&sh->scratch);
    struct slice slice;
    bool sliced;
    const char *p = *at + 1;
    if (*p == '(') {
        char *text;
        if (!capture(sh, take_group(sh, &p), &text)) return false;
        for (char *piece = strtok(text, " \t\r\n"); piece; piece = strtok(nullptr, " \t\r\n")) list_add(&all, piece);
    } else {
        bool braced = *p == '{';
        char *name;
        if (braced) {
            name = take_group(sh, &p);
        } else {
            size_t size = name_size(p);
            name = arena_copy(&sh->scratch, p, size);
            p += size;
        }
        if (*p != '(' || braced) {
            *at = p;
            return array_variable(sh, name, at, out);
        }
        if (!array_method(sh, name, take_group(sh, &p), &all)) return false;
    }
    if (!take_slice(sh, &p, &slice, &sliced)) return false;
    *at = p;
    if (sliced) return select_from(sh, &all, &slice, false, out);
    for (size_t i = 0; i < all.count; i++) list_add(out, all.at[i]);
    return true;
}

static const char *home_folder(void)
{
    const char *home = getenv("HOME");
    return home ? home : "/";
}

static bool expand_into(struct shell *sh, const char *p, bool quoted, struct word *w)
{
    bool start = true;
    while (*p) {
        char c = *p;
        bool sigil = (c == '$' || c == '@') && p[1] != ' ';
        if (c == '\\') {
            p++;
            if (!*p || !strchr(" '\"$@~?*{}()\\", *p)) put(w, '\\', true);
            if (*p) put(w, *p++, true);
        } else if (!quoted && c == '\'') {
            size_t size = skip_group(p, 0);
            for (size_t i = 1; i + 1 < size; i++) put(w, p[i], true);
            p += size;
        } else if (!quoted && c == '"') {
            if (!expand_into(sh, take_group(sh, &p), true, w)) return false;
        } else if (sigil && c == '$') {
            char *text;
            if (!take_string(sh, &p, &text)) return false;
            put_text(w, text);
        } else if (sigil) {
            struct list elements = list_make(&sh->scratch);
            if (!take_array(sh, &p, &elements)) return false;
            put_text(w, list_join(&elements, " "));
        } else if (c == '~' && start) {
            put_text(w, home_folder());
            p++;
        } else {
            put(w, c, quoted);
            p++;
        }
        start = p[-1] == ' ';
    }
    return true;
}

bool is_bracketed(const char *raw)
{
    return *raw == '[' && !raw[skip_group(raw, 0)] && raw[strlen(raw) - 1] == ']';
}

bool expand_array_literal(struct shell *sh, const char *raw, struct list *out)
{
    struct list words = list_make(&sh->scratch);
    split_words(take_group(sh, &raw), &words);
    return expand_words(sh, &words, out);
}

/* `[a b]` and `[a b][SEL]`; `[ab]*` is a pattern. */
static bool starts_literal(const char *raw)
{
    if (*raw != '[') return false;
    size_t past = skip_group(raw, 0);
    return !raw[past] || raw[past] == '[';
}

static bool expand_literal(struct shell *sh, const char *raw, struct list *out)
{
    struct list all = list_make(&sh->scratch);
    struct slice slice;
    bool sliced;
    if (!expand_array_literal(sh, raw, &all)) return false;
    raw += skip_group(raw, 0);
    if (!take_slice(sh, &raw, &slice, &sliced)) return false;
    if (sliced) return select_from(sh, &all, &slice, true, out);
    for (size_t i = 0; i < all.count; i++) list_add(out, all.at[i]);
    return true;
}

/* Whether the word is one `@` token and nothing else; then its elements are the arguments. */
static bool is_array_token(const char *raw)
{
    if (*raw != '@' || !raw[1] || raw[1] == ' ') return false;
    size_t i = 1;
    if (raw[i] == '{') i = skip_group(raw, i);
    else i += name_size(raw + i);
    if (raw[i] == '(') i = skip_group(raw, i);
    if (raw[i] == '[') i = skip_group(raw, i);
    return !raw[i];
}

static bool expand_plain(struct shell *sh, const char *raw, bool braced, struct list *out)
{
    if (is_array_token(raw)) return take_array(sh, &raw, out);
    if (starts_literal(raw)) return expand_literal(sh, raw, out);
    struct word w = {buf_make(&sh->scratch), buf_make(&sh->scratch), false};
    if (!expand_into(sh, raw, false, &w)) return false;
    size_t before = out->count;
    if (w.globbing && (!braced || strchr(w.pattern.at, '*'))) {
        glob_expand(w.pattern.at, out);
        if (out->count > before || braced) return true;
    }
    list_add(out, w.text.at);
    return true;
}

bool expand_word(struct shell *sh, const char *raw, struct list *out)
{
    if (!strpbrk(raw, "\\'\"$@{[~*?")) return list_add(out, arena_copy(&sh->scratch, raw, strlen(raw))), true;
    if (!enter(sh)) return false;
    struct list words = list_make(&sh->scratch);
    bool expanded = starts_literal(raw) ? (list_add(&words, (char *)raw), true) : brace_expand(sh, raw, &words);
    bool braced = expanded && (words.count != 1 || words.at[0] != raw);
    for (size_t i = 0; expanded && i < words.count; i++) expanded = expand_plain(sh, words.at[i], braced, out);
    leave(sh);
    return expanded;
}

bool expand_words(struct shell *sh, const struct list *raw, struct list *out)
{
    for (size_t i = 0; i < raw->count; i++)
        if (!expand_word(sh, raw->at[i], out)) return false;
    return true;
}

bool expand_string(struct shell *sh, const char *raw, char **out_text)
{
    struct list words = list_make(&sh->scratch);
    if (!expand_word(sh, raw, &words)) return false;
    *out_text = list_join(&words, " ");
    return true;
}
