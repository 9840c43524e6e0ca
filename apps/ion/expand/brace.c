/* SPDX-License-Identifier: MIT
 * `{a,b}` and `{1..9}`: a raw word becomes raw words without braces, the rightmost group changing fastest. */
#include "expand/expand.h"
#include <string.h>

/* Where the next group of braces opens, outside quotes and not after a sigil; the end when there is none. */
static size_t find_group(const char *raw)
{
    size_t i = 0;
    while (raw[i]) {
        if (raw[i] == '{' && (!i || (raw[i - 1] != '$' && raw[i - 1] != '@'))) return i;
        i = strchr("\\'\"([{", raw[i]) ? skip_group(raw, i) : i + 1;
    }
    return i;
}

static void add_escaped(struct list *out, const char *text)
{
    struct buf escaped = buf_make(out->arena);
    for (; *text; text++) {
        if (strchr("{}", *text)) buf_char(&escaped, '\\');
        buf_char(&escaped, *text);
    }
    list_add(out, escaped.at);
}

static bool add_range(struct shell *sh, const char *element, struct list *out, bool *out_is_range)
{
    struct range range;
    char *text;
    *out_is_range = false;
    if (!strstr(element, "..") || strchr(element, '(')) return true;
    struct word word = word_make(&sh->scratch, (char *)element);
    if (!expand_string(sh, &word, &text)) return false;
    if (!range_parse(text, &range)) return true;
    if (range.count > sh->words_max) return fail(sh, "expansion error: range of %lu elements is above %zu", range.count, sh->words_max);
    for (unsigned long i = 0; i < range.count; i++) list_add(out, range_at(out->arena, &range, i));
    return *out_is_range = true;
}

static bool add_element(struct shell *sh, const char *element, struct list *out)
{
    bool is_range;
    if (!add_range(sh, element, out, &is_range)) return false;
    return is_range || brace_expand(sh, element, out);
}

static bool split_elements(struct shell *sh, const char *inside, struct list *out)
{
    size_t start = 0, i = 0;
    for (;; ) {
        if (!inside[i] || inside[i] == ',') {
            if (!add_element(sh, arena_copy(out->arena, inside + start, i - start), out)) return false;
            if (!inside[i]) return true;
            start = ++i;
        } else {
            i = strchr("\\'\"([{", inside[i]) ? skip_group(inside, i) : i + 1;
        }
    }
}

/* What follows a variable's name in a neighbour must not become a part of it. */
static const char *seam(const char *before, size_t size, const char *after)
{
    bool name = name_size(after) || *after == '[' || *after == '(' || *after == ':';
    return name && (memchr(before, '$', size) || memchr(before, '@', size)) ? "''" : "";
}

bool brace_expand(struct shell *sh, const char *raw, struct list *out)
{
    size_t open = find_group(raw);
    size_t past = raw[open] ? skip_group(raw, open) : open;
    if (past < open + 2 || raw[past - 1] != '}') return list_add(out, (char *)raw), true;
    struct list elements = list_make(&sh->scratch), rest = list_make(&sh->scratch);
    if (past == open + 2 || !enter(sh)) {
        if (past != open + 2) return false;
        add_escaped(&elements, "{}");
    } else {
        bool split = split_elements(sh, arena_copy(&sh->scratch, raw + open + 1, past - open - 2), &elements);
        leave(sh);
        if (!split) return false;
    }
    if (!elements.count) add_escaped(&elements, "{}");
    if (!brace_expand(sh, raw + past, &rest)) return false;
    if (elements.count * rest.count > sh->words_max) return fail(sh, "expansion error: braces make more than %zu words", sh->words_max);
    for (size_t i = 0; i < elements.count; i++)
        for (size_t j = 0; j < rest.count; j++)
            list_add(out, arena_print(&sh->scratch, "%.*s%s%s%s%s", (int)open, raw, seam(raw, open, elements.at[i]), elements.at[i],
                                      seam(elements.at[i], strlen(elements.at[i]), rest.at[j]), rest.at[j]));
    return true;
}
