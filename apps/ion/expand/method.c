/* SPDX-License-Identifier: MIT
 * `$method(subject arguments)` gives a string, `@method(...)` an array. Lengths and reversals count grapheme clusters. */
#include "expand/expand.h"
#include "value/regex.h"
#include "value/text.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

char *unescape(struct arena *arena, const char *text, bool *out_stop)
{
    static const char FROM[] = "abefnrtv\\'\" ", TO[] = "\a\b\x1b\f\n\r\t\v\\'\" ";
    if (out_stop) *out_stop = false;
    if (!strchr(text, '\\')) return (char *)text;
    struct buf plain = buf_make(arena);
    for (; *text; text++) {
        const char *known = *text == '\\' && text[1] ? strchr(FROM, text[1]) : nullptr;
        if (*text == '\\' && text[1] == 'c') {
            if (out_stop) *out_stop = true;
            return plain.at;
        }
        buf_char(&plain, known ? TO[known - FROM] : *text);
        if (known) text++;
    }
    return plain.at;
}

const char *method_name(bool arrays, size_t index)
{
    static const char *const STRINGS[] = {
        "basename", "escape", "extension", "filename", "find", "join", "len", "len_bytes", "or", "parent", "regex_replace", "repeat",
        "replace", "replacen", "reverse", "to_lowercase", "to_uppercase", "trim", "trim_end", "trim_start", "unescape"};
    static const char *const ARRAYS[] = {"bytes", "chars", "graphemes", "keys", "lines", "reverse", "split", "split_at", "subst", "values"};
    if (arrays) return index < sizeof ARRAYS / sizeof *ARRAYS ? ARRAYS[index] : nullptr;
    return index < sizeof STRINGS / sizeof *STRINGS ? STRINGS[index] : nullptr;
}

static bool is_method(bool array, const char *name)
{
    const char *known;
    for (size_t i = 0; (known = method_name(array, i)); i++)
        if (!strcmp(known, name)) return true;
    return false;
}

static bool no_subject(struct shell *sh, const char *name)
{
    return fail(sh, "expansion error: Variable \"%s\" does not exist", name);
}

/* A bare name is a variable; anything else is expanded. */
static bool subject_text(struct shell *sh, struct word *word, char **out_text)
{
    const char *raw = word->raw;
    if (*raw && strchr("$@['\"", *raw)) return expand_string(sh, word, out_text);
    const struct value *value = scope_find(sh->scope, raw);
    bool string = value && value->kind == VALUE_STRING;
    const char *text = string ? value->text : *raw ? getenv(raw) : nullptr;
    if (!text) return no_subject(sh, raw);
    *out_text = arena_copy(&sh->scratch, text, string ? value->size : strlen(text));
    return true;
}

static bool subject_list(struct shell *sh, struct word *word, struct list *out)
{
    const char *raw = word->raw;
    if (*raw && strchr("$@['\"", *raw)) return expand_word(sh, word, out);
    const struct value *value = scope_find(sh->scope, raw);
    if (!value_is_variable(value)) return no_subject(sh, raw);
    value_flatten(value, out);
    return true;
}

/* The arguments after the subject, with their escapes read. */
static bool prepare(struct shell *sh, struct words *words, struct list *out_rest)
{
    for (size_t i = 1; i < words->count; i++) {
        size_t before = out_rest->count;
        if (!expand_word(sh, &words->at[i], out_rest)) return false;
        for (; before < out_rest->count; before++) out_rest->at[before] = unescape(&sh->scratch, out_rest->at[before], nullptr);
    }
    return true;
}

static char *change_case(struct arena *arena, const char *text, bool upper)
{
    size_t size = strlen(text);
    char *copy = arena_alloc(arena, size * 2 + 1), *to = copy;
    for (const char *at = text; *at;) {
        if ((signed char)*at > 0) {
            char low = upper ? 'a' : 'A';
            *to++ = *at >= low && *at < low + 26 ? (char)(*at ^ 32) : *at;
            at++;
            continue;
        }
        size_t here = code_point_size(at);
        uint32_t c = code_point(at), changed = code_point_case(c, upper);
        if (c == 0xdf && upper) *to++ = 'S', *to++ = 'S';
        else if (changed == c) memcpy(to, at, here), to += here;
        else to += code_point_put(changed, to);
        at += here;
    }
    *to = 0;
    return copy;
}

static char *replace(struct arena *arena, const char *text, const char *from, const char *to, unsigned long limit)
{
    struct buf out = buf_make(arena);
    size_t size = strlen(from);
    for (const char *found; limit && size && (found = strstr(text, from)); limit--) {
        buf_bytes(&out, text, (size_t)(found - text));
        buf_text(&out, to);
        text = found + size;
    }
    buf_text(&out, text);
    return out.at;
}

/* `$1`, `${1}`, `$name`, `${name}` and `$$` in the text that replaces a match. */
static void put_replacement(struct buf *out, const struct regex *regex, const char *with, const char *text, const struct regex_match *match)
{
    for (; *with; with++) {
        if (*with != '$' || !with[1]) {
            buf_char(out, *with);
            continue;
        }
        if (with[1] == '$') {
            buf_char(out, *++with);
            continue;
        }
        bool braced = with[1] == '{';
        const char *name = with + (braced ? 2 : 1);
        size_t size = braced ? strcspn(name, "}") : 0;
        while (!braced && (isalnum((unsigned char)name[size]) || name[size] == '_')) size++;
        if (!size || (braced && name[size] != '}')) {
            buf_char(out, '$');
            continue;
        }
        char *end;
        long number = strtol(name, &end, 10);
        if (end != name + size || !isdigit((unsigned char)*name)) number = regex_group(regex, name, size);
        if (number >= 0 && number < REGEX_GROUPS_MAX && match->start[number] >= 0)
            buf_bytes(out, text + match->start[number], (size_t)(match->end[number] - match->start[number]));
        with = name + size - (braced ? 0 : 1);
    }
}

static bool regex_replace(struct shell *sh, const char *text, const char *pattern, const char *with, char **out_text)
{
    const char *why;
    const struct regex *regex = regex_recent(pattern, &why);
    struct buf out = buf_make(&sh->scratch);
    struct regex_match match;
    size_t at = 0, size = strlen(text);
    if (!regex) return fail(sh, "expansion error: regex_replace: error in regular expression '%s': %s", pattern, why);
    while (at <= size && regex_search(regex, text, size, at, &match)) {
        buf_bytes(&out, text + at, (size_t)match.start[0] - at);
        put_replacement(&out, regex, with, text, &match);
        at = (size_t)match.end[0];
        if (match.end[0] > match.start[0]) continue;
        size_t step = at < size ? code_point_size(text + at) : 1;
        if (at < size) buf_bytes(&out, text + at, step);
        at += step;
    }
    if (at < size) buf_bytes(&out, text + at, size - at);
    *out_text = out.at;
    return true;
}

/* Slashes at the end do not count; what has no such part is returned as it is. */
static char *path_part(struct arena *arena, const char *name, char *path)
{
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/') size--;
    char *text = arena_copy(arena, path, size), *slash = strrchr(text, '/'), *last = slash ? slash + 1 : text, *dot = strrchr(last, '.');
    if (!*last) return path;
    bool parents = !strcmp(last, "..");
    if (parents && strcmp(name, "parent")) return path;
    if (!strcmp(name, "basename")) return last;
    if (!strcmp(name, "extension")) return dot && dot > last ? dot + 1 : path;
    if (!strcmp(name, "filename")) return arena_copy(arena, last, dot && dot > last ? (size_t)(dot - last) : strlen(last));
    return slash ? arena_copy(arena, text, slash > text ? (size_t)(slash - text) : 1) : path;
}

static char *reversed(struct arena *arena, const char *text)
{
    size_t left = strlen(text);
    char *out = arena_alloc(arena, left + 1);
    out[left] = 0;
    while (*text) {
        size_t size = grapheme_size(text);
        left -= size;
        memcpy(out + left, text, size);
        text += size;
    }
    return out;
}

static char *trimmed(struct arena *arena, const char *text, bool start, bool end)
{
    while (start && space_size(text)) text += space_size(text);
    size_t kept = end ? 0 : strlen(text);
    for (size_t i = 0; end && text[i];) {
        size_t space = space_size(text + i);
        i += space ? space : 1;
        if (!space) kept = i;
    }
    return arena_copy(arena, text, kept);
}

static char *escaped(struct arena *arena, const char *text)
{
    static const char FROM[] = "\a\b\t\n\v\f\r\x1b", TO[] = "abtnvfre";
    struct buf out = buf_make(arena);
    for (; *text; text++) {
        const char *control = strchr(FROM, *text);
        if (control || (ispunct((unsigned char)*text) && *text != ';' && *text != '_')) buf_char(&out, '\\');
        buf_char(&out, control ? TO[control - FROM] : *text);
    }
    return out.at;
}

static bool repeat(struct shell *sh, const char *text, const char *count, char **out_text)
{
    char *end;
    unsigned long times = strtoul(count, &end, 10);
    struct buf out = buf_make(&sh->scratch);
    if (!isdigit((unsigned char)*count) || *end || (strlen(text) && times > sh->text_max / strlen(text)))
        return fail(sh, "expansion error: repeat: argument is not a valid positive integer");
    for (; times && *text; times--) buf_text(&out, text);
    *out_text = out.at;
    return true;
}

static bool length(struct shell *sh, struct word *word, char **out_text)
{
    const char *raw = word->raw;
    if (*raw == '@' || *raw == '[') {
        struct list all = list_make(&sh->scratch);
        if (!expand_word(sh, word, &all)) return false;
        *out_text = arena_number(&sh->scratch, (long long)all.count);
        return true;
    }
    if (!subject_text(sh, word, out_text)) return false;
    *out_text = arena_number(&sh->scratch, (long long)grapheme_count(*out_text));
    return true;
}

/* `$or($name rest)`: a name that does not exist is empty; commas after the arguments are dropped. */
static bool first_filled(struct shell *sh, struct word *word, const struct list *rest, char **out_text)
{
    size_t size = strlen(word->raw);
    char *raw = arena_copy(&sh->scratch, word->raw, size > 1 && word->raw[size - 1] == ',' ? size - 1 : size);
    const char *name = *raw == '$' ? raw + 1 : raw;
    struct word subject = word_make(&sh->scratch, raw);
    bool unknown = name_is_valid(name) && !scope_find(sh->scope, name) && !getenv(name);
    if (unknown) *out_text = "";
    else if (!subject_text(sh, &subject, out_text)) return false;
    for (size_t i = 0; i < rest->count && !**out_text; i++) {
        size = strlen(rest->at[i]);
        *out_text = arena_copy(&sh->scratch, rest->at[i], size && rest->at[i][size - 1] == ',' ? size - 1 : size);
    }
    return true;
}

static bool replace_method(struct shell *sh, const char *name, const char *text, const struct list *rest, char **out_text)
{
    char *end;
    if (rest->count < 2 || !*rest->at[0])
        return fail(sh, "expansion error: %s: %s", name, name[7] ? "three arguments required" : "Two arguments required. First argument must not be an empty string");
    if (!strcmp(name, "regex_replace")) return regex_replace(sh, text, rest->at[0], rest->at[1], out_text);
    unsigned long limit = ~0ul;
    if (!strcmp(name, "replacen")) {
        if (rest->count < 3) return fail(sh, "expansion error: replacen: three arguments required");
        limit = strtoul(rest->at[2], &end, 10);
        if (*end) return fail(sh, "expansion error: replacen: third argument isn't a valid integer");
    }
    if (strlen(rest->at[1]) > strlen(rest->at[0]) && strlen(rest->at[1]) > sh->text_max / (strlen(text) + 1))
        return fail(sh, "expansion error: a text of more than %zu bytes", sh->text_max);
    *out_text = replace(&sh->scratch, text, rest->at[0], rest->at[1], limit);
    return true;
}

static bool text_method(struct shell *sh, const char *name, char *text, const struct list *rest, char **out_text)
{
    struct arena *arena = &sh->scratch;
    const char *first = rest->count ? rest->at[0] : " ";
    if (!strcmp(name, "to_lowercase")) *out_text = change_case(arena, text, false);
    else if (!strcmp(name, "to_uppercase")) *out_text = change_case(arena, text, true);
    else if (!strcmp(name, "trim")) *out_text = trimmed(arena, text, true, true);
    else if (!strcmp(name, "trim_start")) *out_text = trimmed(arena, text, true, false);
    else if (!strcmp(name, "trim_end")) *out_text = trimmed(arena, text, false, true);
    else if (!strcmp(name, "len_bytes")) *out_text = arena_print(arena, "%zu", strlen(text));
    else if (!strcmp(name, "reverse")) *out_text = reversed(arena, text);
    else if (!strcmp(name, "escape")) *out_text = escaped(arena, text);
    else if (!strcmp(name, "unescape")) *out_text = unescape(arena, text, nullptr);
    else if (!strcmp(name, "repeat")) return repeat(sh, text, first, out_text);
    else if (!strcmp(name, "find")) {
        char *found = strstr(text, first);
        *out_text = arena_print(arena, "%ld", found ? (long)(found - text) : -1L);
    } else if (!strcmp(name, "replace") || !strcmp(name, "replacen") || !strcmp(name, "regex_replace")) {
        return replace_method(sh, name, text, rest, out_text);
    } else if (!strcmp(name, "basename") || !strcmp(name, "extension") || !strcmp(name, "filename") || !strcmp(name, "parent")) {
        *out_text = path_part(arena, name, text);
    } else {
        return fail(sh, "expansion error: '%s' is an unknown string method", name);
    }
    return true;
}

bool string_method(struct shell *sh, const char *name, struct words *arguments, char **out_text)
{
    struct list rest = list_make(&sh->scratch);
    struct word nothing = word_make(&sh->scratch, ""), *subject = arguments->count ? arguments->at : &nothing;
    if (!prepare(sh, arguments, &rest)) return false;
    if (!strcmp(name, "len")) return length(sh, subject, out_text);
    if (!strcmp(name, "or")) return first_filled(sh, subject, &rest, out_text);
    if (!strcmp(name, "join")) {
        struct list all = list_make(&sh->scratch);
        if (!subject_list(sh, subject, &all)) return false;
        *out_text = all.count ? list_join(&all, rest.count ? rest.at[0] : " ") : "";
        return true;
    }
    if (!is_method(false, name)) return fail(sh, "expansion error: '%s' is an unknown string method", name);
    char *text;
    return subject_text(sh, subject, &text) && text_method(sh, name, text, &rest, out_text);
}

static void split_text(struct arena *arena, char *text, const char *separator, struct list *out)
{
    size_t size = strlen(separator);
    for (char *found; size && (found = strstr(text, separator)); text = found + size)
        list_add(out, arena_copy(arena, text, (size_t)(found - text)));
    list_add(out, text);
}

static void split_lines(char *text, struct list *out)
{
    while (*text) {
        char *end = strchr(text, '\n');
        list_add(out, text);
        if (!end) return;
        *end = 0;
        if (end > text && end[-1] == '\r') end[-1] = 0;
        text = end + 1;
    }
}

static bool split_at(struct shell *sh, const char *text, const struct list *rest, struct list *out)
{
    char *end;
    if (!rest->count) return fail(sh, "expansion error: split_at: requires an argument");
    unsigned long at = strtoul(rest->at[0], &end, 10);
    if (*end || !isdigit((unsigned char)*rest->at[0])) return fail(sh, "expansion error: split_at: requires a valid number as an argument");
    if (at >= strlen(text)) return fail(sh, "expansion error: split_at: value is out of bounds");
    list_add(out, arena_copy(&sh->scratch, text, at));
    list_add(out, arena_copy(&sh->scratch, text + at, strlen(text + at)));
    return true;
}

static bool map_method(struct shell *sh, const char *name, const char *map_name, struct list *out)
{
    if (*map_name == '@' || *map_name == '$') map_name++;
    const struct value *map = scope_find(sh->scope, map_name);
    if (!map || !value_is_map(map)) return fail(sh, "expansion error: variable '%s' is not a map-like value", map_name);
    for (size_t i = 0; i < map->count; i++) {
        if (*name == 'k') list_add(out, arena_copy(&sh->scratch, map->entries[i].key, strlen(map->entries[i].key)));
        else value_flatten(map->entries[i].value, out);
    }
    return true;
}

static bool substitute(struct shell *sh, struct words *words, struct list *out)
{
    if (words->count < 2) return fail(sh, "expansion error: subst: requires a 2. argument");
    for (size_t i = 0; i < 2; i++)
        if (*words->at[i].raw != '@' && *words->at[i].raw != '[')
            return fail(sh, "expansion error: subst: %zu. argument must be an array", i + 1);
    size_t before = out->count;
    if (!expand_word(sh, &words->at[0], out)) return false;
    return out->count > before || expand_word(sh, &words->at[1], out);
}

bool array_method(struct shell *sh, const char *name, struct words *arguments, struct list *out)
{
    struct arena *arena = &sh->scratch;
    struct list rest = list_make(arena);
    struct word nothing = word_make(arena, ""), *subject = arguments->count ? arguments->at : &nothing;
    char *text;
    if (!strcmp(name, "subst")) return substitute(sh, arguments, out);
    if (!prepare(sh, arguments, &rest)) return false;
    if (!strcmp(name, "keys") || !strcmp(name, "values")) return map_method(sh, name, subject->raw, out);
    if (!strcmp(name, "reverse")) {
        struct list all = list_make(arena);
        if (!subject_list(sh, subject, &all)) return false;
        while (all.count) list_add(out, all.at[--all.count]);
        return true;
    }
    if (!is_method(true, name)) return fail(sh, "expansion error: '%s' is an unknown array method", name);
    if (!subject_text(sh, subject, &text)) return false;
    bool graphemes = !strcmp(name, "graphemes");
    if (!strcmp(name, "split_at")) return split_at(sh, text, &rest, out);
    if (!strcmp(name, "lines")) {
        split_lines(text, out);
    } else if (!strcmp(name, "split") && rest.count) {
        split_text(arena, text, rest.at[0], out);
    } else if (!strcmp(name, "split")) {
        split_blanks(text, out);
    } else if (!strcmp(name, "bytes")) {
        for (; *text; text++) list_add(out, arena_number(arena, (unsigned char)*text));
    } else if (graphemes || !strcmp(name, "chars")) {
        for (size_t size; *text; text += size)
            list_add(out, arena_copy(arena, text, size = graphemes ? grapheme_size(text) : code_point_size(text)));
    } else {
        return fail(sh, "expansion error: '%s' is an unknown array method", name);
    }
    return true;
}
