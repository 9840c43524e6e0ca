/* SPDX-License-Identifier: MIT
 * A logical line is cut into statements at `;`, `&&` and `||`, and its brackets are checked on the way: what passes here is
 * balanced and nested at most DEPTH_MAX deep, so that later readers may recurse. */
#include "language/syntax.h"
#include <ctype.h>
#include <string.h>

enum paren : uint8_t { PAREN_PROCESS, PAREN_METHOD, PAREN_ARITHMETIC, PAREN_INNER };
struct splitter {
    struct { enum paren kind; bool quoted; size_t at; } parens[DEPTH_MAX];
    unsigned paren_count, braces, brackets;
    size_t brace_at, bracket_at, quote_at; /* where the last one opened */
    bool single, quoted, variable, named, in_variable_brace;
};

const struct place *parser_origin(const struct parser *p, const char *at)
{
    return at >= p->line && at < p->line + p->line_size ? p->origin + (at - p->line) : nullptr;
}

void parser_blame(struct parser *p, const char *at, size_t width)
{
    const struct place *origin = parser_origin(p, at);
    if (!origin) return;
    p->place = *origin;
    p->width = (uint32_t)width;
}

/* The `(` at text[i] belongs to a sigil, or to a name after one: what is in it has its own quotes. */
static bool opens_call(const char *text, size_t start, size_t i)
{
    while (i > start && (isalnum((unsigned char)text[i - 1]) || text[i - 1] == '_')) i--;
    return i > start && (text[i - 1] == '$' || text[i - 1] == '@');
}

size_t skip_group(const char *text, size_t i)
{
    size_t start = i;
    char open = text[i++];
    if (open == '\\') return text[i] ? i + 1 : i;
    if (open == '\'') {
        while (text[i] && text[i] != '\'') i++;
        return text[i] ? i + 1 : i;
    }
    char close = open == '(' ? ')' : open == '[' ? ']' : open == '{' ? '}' : '"';
    while (text[i] && text[i] != close) {
        bool nested = open == '"' ? text[i] == '\\' || (text[i] == '(' && opens_call(text, start, i))
                                  : strchr("\\'\"([{", text[i]) != nullptr;
        i = nested ? skip_group(text, i) : i + 1;
    }
    return text[i] ? i + 1 : i;
}

void split_words(const char *text, struct list *out)
{
    for (size_t i = 0; text[i];) {
        if (isspace((unsigned char)text[i])) {
            i++;
            continue;
        }
        size_t start = i;
        while (text[i] && !isspace((unsigned char)text[i])) i = strchr("\\'\"([{", text[i]) ? skip_group(text, i) : i + 1;
        list_add(out, arena_copy(out->arena, text + start, i - start));
    }
}

static bool out_of_place(struct parser *p, size_t i)
{
    parser_blame(p, p->line + i, 1);
    return parser_fail(p, "syntax error: syntax error: '%c' at position %zu is out of place", p->line[i], i);
}

static bool open_paren(struct parser *p, struct splitter *s, size_t i)
{
    bool inner = s->paren_count && s->parens[s->paren_count - 1].kind >= PAREN_ARITHMETIC;
    if (!s->variable && !inner) return s->quoted || out_of_place(p, i);
    if (s->paren_count == DEPTH_MAX) return parser_fail(p, "syntax error: nested more than %d deep", DEPTH_MAX);
    enum paren kind = inner ? PAREN_INNER : s->named ? PAREN_METHOD : p->line[i + 1] == '(' ? PAREN_ARITHMETIC : PAREN_PROCESS;
    s->parens[s->paren_count].kind = kind;
    s->parens[s->paren_count].at = i;
    s->parens[s->paren_count++].quoted = s->quoted;
    s->quoted = s->variable = s->named = false;
    return true;
}

static bool close_paren(struct parser *p, struct splitter *s, size_t i)
{
    if (!s->paren_count || s->quoted) return s->quoted || out_of_place(p, i);
    s->quoted = s->parens[--s->paren_count].quoted;
    s->variable = s->named = false;
    return true;
}

static bool open_or_close(struct parser *p, struct splitter *s, size_t i)
{
    char c = p->line[i];
    if (c == '(') return open_paren(p, s, i);
    if (c == ')') return close_paren(p, s, i);
    if (c == '{' && s->variable && !s->named) {
        s->in_variable_brace = true;
        s->variable = false;
        s->brace_at = i;
        return true;
    }
    s->variable = s->named = false;
    if (s->quoted) return true;
    if (c == '}' && !s->braces) return out_of_place(p, i);
    if (c == ']' && !s->brackets) {
        parser_blame(p, p->line + i, 1);
        return parser_fail(p, "syntax error: syntax error: unterminated square bracket");
    }
    if (c == '{') s->brace_at = i;
    if (c == '[') s->bracket_at = i;
    s->braces += c == '{' ? 1 : c == '}' ? -1u : 0;
    s->brackets += c == '[' ? 1 : c == ']' ? -1u : 0;
    if (s->braces + s->brackets > DEPTH_MAX) return parser_fail(p, "syntax error: nested more than %d deep", DEPTH_MAX);
    return true;
}

/* One byte outside single quotes. */
static bool look_at(struct parser *p, struct splitter *s, size_t i)
{
    char c = p->line[i];
    if (s->in_variable_brace) {
        if (c == '}') s->in_variable_brace = false;
        else if (!isalnum((unsigned char)c) && !strchr("_:,", c)) return out_of_place(p, i);
        return true;
    }
    if (c == '$' || c == '@') {
        s->variable = true, s->named = false;
    } else if (strchr("(){}[]", c)) {
        return open_or_close(p, s, i);
    } else if (isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80) {
        s->named = s->variable;
    } else {
        s->variable = s->named = false;
        if (c == '"') s->quoted = !s->quoted, s->quote_at = i;
        if (c == '\'' && !s->quoted) s->single = true, s->quote_at = i;
    }
    return true;
}

/* Everything that opens closes; if not, the one that opened last is to blame, of those that close first. */
static bool check_closed(struct parser *p, const struct splitter *s)
{
    static const char *const PAREN_NAMES[] = {"subshell", "method", "arithmetic subexpression", "arithmetic subexpression"};
    const char *what = s->paren_count         ? PAREN_NAMES[s->parens[s->paren_count - 1].kind]
                       : s->in_variable_brace ? "brace var"
                       : s->braces            ? "brace"
                       : s->brackets          ? "square bracket"
                       : s->single            ? "single quotes"
                       : s->quoted            ? "double quotes"
                                              : nullptr;
    size_t at = s->paren_count                       ? s->parens[s->paren_count - 1].at
                : s->in_variable_brace || s->braces ? s->brace_at
                : s->brackets                       ? s->bracket_at
                                                    : s->quote_at;
    if (!what) return true;
    parser_blame(p, p->line + at, 1);
    return parser_fail(p, "syntax error: syntax error: unterminated %s", what);
}

static bool check_start(struct parser *p, const char *text, char after)
{
    if (strchr("<>", *text) && *text) return parser_fail(p, "syntax error: expected command, but found redirection");
    if (*text == '^' && strchr(">|", text[1])) return parser_fail(p, "syntax error: expected command, but found redirection");
    if (*text == '|' || *text == '&') return parser_fail(p, "syntax error: expected command, but found %c", *text);
    if (!*text && (after == '&' || after == '|')) return parser_fail(p, "syntax error: expected command, but found %c", after);
    return true;
}

static bool finish(struct parser *p, size_t start, size_t end, size_t past, char **out_text)
{
    char after = end < p->line_size ? p->line[end] : 0;
    if (after == ';' && (end == start || (start == 0 && end == 1))) {
        parser_blame(p, p->line + end, 1);
        return parser_fail(p, "syntax error: expected command, but found ;");
    }
    while (start < end && isspace((unsigned char)p->line[start])) start++;
    while (end > start && isspace((unsigned char)p->line[end - 1]) && !(end > start + 1 && p->line[end - 2] == '\\')) end--;
    parser_blame(p, p->line + start, end > start ? end - start : 1);
    *out_text = p->line + start;
    p->line[end] = 0;
    p->line_at = past;
    if (!**out_text && after) parser_blame(p, p->line + end, 1);
    return check_start(p, *out_text, after);
}

bool split_next(struct parser *p, char **out_text, enum join *out_join)
{
    *out_text = nullptr;
    size_t start = p->line_at, i = start;
    if (start >= p->line_size) return true;
    *out_join = p->join;
    p->join = JOIN_ALWAYS;
    parser_blame(p, p->line + start, 1);
    struct splitter s = {};
    for (; i < p->line_size; i++) {
        char c = p->line[i];
        if (c == '\\' && !s.single) {
            i++;
            s.variable = s.named = false;
            continue;
        }
        if (s.single) {
            s.single = c != '\'';
            continue;
        }
        if (!s.quoted && !s.paren_count && !s.in_variable_brace) {
            if (c == ';') return finish(p, start, i, i + 1, out_text);
            if ((c == '&' || c == '|') && p->line[i + 1] == c) {
                p->join = c == '&' ? JOIN_AND : JOIN_OR;
                return finish(p, start, i, i + 2, out_text);
            }
        }
        if (!look_at(p, &s, i)) return false;
    }
    return check_closed(p, &s) && finish(p, start, p->line_size, p->line_size, out_text);
}
