/* SPDX-License-Identifier: MIT
 * Logical lines: comments gone, blanks outside quotes made one, continued lines joined; each byte knows where it was. */
#include "language/syntax.h"
#include <string.h>

struct reader {
    struct parser *parser;
    char quote;
    unsigned brackets, parens;
    bool after_join, seen;
    size_t capacity;
};

static char take(struct parser *p)
{
    char c = p->text[p->at++];
    if (c == '\n') p->here = (struct place){p->here.line + 1, 1};
    else p->here.column++;
    if (p->given && p->at < p->size) p->here = p->given[p->at];
    return c;
}

static void put(struct reader *r, char c, struct place place)
{
    struct parser *p = r->parser;
    if (p->line_size + 1 >= r->capacity) {
        size_t capacity = r->capacity ? r->capacity * 2 : 128;
        struct arena *arena = &p->program->arena;
        char *line = arena_alloc(arena, capacity);
        struct place *origin = arena_alloc(arena, capacity * sizeof *origin);
        if (p->line_size) {
            memcpy(line, p->line, p->line_size);
            memcpy(origin, p->origin, p->line_size * sizeof *origin);
        }
        p->line = line, p->origin = origin, r->capacity = capacity;
    }
    p->line[p->line_size] = c;
    p->origin[p->line_size++] = place;
    p->line[p->line_size] = 0;
}

static char last(const struct parser *p)
{
    return p->line_size ? p->line[p->line_size - 1] : ' ';
}

static void read_escape(struct reader *r, struct place place)
{
    struct parser *p = r->parser;
    if (p->at < p->size && p->text[p->at] == '\n') {
        take(p);
        p->cut = p->at == p->size;
        while (p->at < p->size && (p->text[p->at] == ' ' || p->text[p->at] == '\t')) take(p);
        return;
    }
    put(r, '\\', place);
    r->seen = true;
    struct place second = p->here;
    if (p->at < p->size) put(r, take(p), second);
}

static void note(struct reader *r, char c)
{
    const struct parser *p = r->parser;
    if (c == '\'' || c == '"') r->quote = c;
    if (c == '[') r->brackets++;
    if (c == ']' && r->brackets) r->brackets--;
    if (c == '(' && (r->parens || last(p) == '$' || last(p) == '@')) r->parens++;
    if (c == ')' && r->parens) r->parens--;
    r->after_join = (c == '&' && last(p) == '&') || (c == '|' && last(p) == '|');
    r->seen = true;
}

bool read_line(struct parser *p)
{
    struct reader r = {.parser = p};
    p->line = nullptr, p->line_size = p->line_at = 0;
    put(&r, ' ', p->here);
    while (p->at < p->size) {
        struct place place = p->here;
        char c = take(p);
        if (c == '\\') {
            read_escape(&r, place);
        } else if (r.quote) {
            if (c == r.quote) r.quote = 0;
            put(&r, c, place);
        } else if (c == '#' && is_blank(last(p))) {
            while (p->at < p->size && p->text[p->at] != '\n') take(p);
        } else if (c == '\n' && r.seen && !r.brackets && !r.parens && !r.after_join) {
            return true;
        } else if (is_blank(c)) {
            if (last(p) != ' ') put(&r, ' ', place);
        } else {
            note(&r, c);
            put(&r, c, place);
        }
    }
    p->cut = p->cut || (r.seen && (r.quote || r.brackets || r.parens || r.after_join));
    return r.seen;
}
