/* SPDX-License-Identifier: MIT
 * What a line editor asks about a text that is still being typed (syntax.h): is it whole, and what is each part of it. The first
 * answer is the parser's own; the second comes from a scan that takes any text, balanced or not. */
#include "language/syntax.h"
#include <ctype.h>
#include <string.h>

struct outline outline_check(const char *text, size_t size)
{
    struct outline outline = {};
    struct program *program = program_make("stdin");
    struct parser parser;
    struct stmt *stmt;
    parser_init(&parser, program, text, size);
    bool good;
    while ((good = parser_next(&parser, &stmt)) && stmt) {}
    outline.state = parser.cut ? OUTLINE_INCOMPLETE : good ? OUTLINE_COMPLETE : OUTLINE_WRONG;
    outline.open_blocks = parser.open_blocks;
    outline.place = parser.place;
    memcpy(outline.message, parser.error, sizeof outline.message);
    program_put(program);
    return outline;
}

struct scan {
    const char *text;
    size_t size, at;
    struct outline_span *spans;
    size_t count, capacity;
    bool command;            /* the next word is one */
};

static char peek(const struct scan *s, size_t ahead)
{
    return s->at + ahead < s->size ? s->text[s->at + ahead] : 0;
}

static void add(struct scan *s, size_t start, enum outline_kind kind)
{
    if (s->at == start) return;
    if (s->count < s->capacity) s->spans[s->count] = (struct outline_span){(uint32_t)start, (uint32_t)(s->at - start), kind};
    s->count++;
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_keyword(const char *word, size_t size)
{
    static const char *const WORDS[] = {"if", "else", "end", "while", "for", "in", "match", "case", "fn", "let", "export", "return",
                                        "break", "continue", "and", "or", "not", "time", "!"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (strlen(WORDS[i]) == size && !memcmp(WORDS[i], word, size)) return true;
    return false;
}

static void scan_variable(struct scan *s)
{
    size_t start = s->at++;
    bool braced = peek(s, 0) == '{';
    if (braced) {
        while (s->at < s->size && s->text[s->at] != '}') s->at++;
        if (s->at < s->size) s->at++;
    } else {
        while (is_name(peek(s, 0)) || (s->at == start + 1 && peek(s, 0) == '?')) s->at++;
    }
    add(s, start, !braced && s->at > start + 1 && peek(s, 0) == '(' ? OUTLINE_METHOD : OUTLINE_VARIABLE);
}

static void scan_quoted(struct scan *s)
{
    char quote = s->text[s->at];
    size_t start = s->at++;
    while (s->at < s->size && s->text[s->at] != quote) {
        char c = s->text[s->at];
        if (quote == '"' && (c == '$' || c == '@') && (is_name(peek(s, 1)) || peek(s, 1) == '{' || peek(s, 1) == '?')) {
            add(s, start, OUTLINE_QUOTED);
            scan_variable(s);
            start = s->at;
        } else {
            s->at += quote == '"' && c == '\\' && s->at + 1 < s->size ? 2 : 1;
        }
    }
    if (s->at < s->size) s->at++;
    add(s, start, OUTLINE_QUOTED);
}

static void scan_word(struct scan *s)
{
    size_t start = s->at;
    while (s->at < s->size && !isspace((unsigned char)s->text[s->at]) && !strchr("'\"$@&|<>;()[]{}", s->text[s->at])) {
        if (s->text[s->at] == '^' && (peek(s, 1) == '>' || peek(s, 1) == '|')) break;
        s->at += s->text[s->at] == '\\' && s->at + 1 < s->size ? 2 : 1;
    }
    if (s->at == start) s->at++;
    bool keyword = (s->command || s->at - start == 2) && is_keyword(s->text + start, s->at - start);
    keyword = keyword && (s->command || !memcmp(s->text + start, "in", 2) || !memcmp(s->text + start, "if", 2));
    bool again = keyword && strchr("ieawontc!", s->text[start]) && memcmp(s->text + start, "in", 2) && memcmp(s->text + start, "case", 4) &&
                 memcmp(s->text + start, "export", s->at - start);
    add(s, start, keyword ? OUTLINE_KEYWORD : s->command ? OUTLINE_COMMAND : OUTLINE_ARGUMENT);
    s->command = again;
}

static void scan_operator(struct scan *s)
{
    size_t start = s->at;
    while (s->at < s->size && strchr("&|^;", s->text[s->at])) s->at++;
    bool redirect = peek(s, 0) == '<' || peek(s, 0) == '>';
    while (peek(s, 0) == '<' || peek(s, 0) == '>') s->at++;
    s->command = !redirect;
    add(s, start, redirect ? OUTLINE_REDIRECT : OUTLINE_OPERATOR);
}

size_t outline_spans(const char *text, size_t size, struct outline_span *out_spans, size_t capacity)
{
    struct scan s = {.text = text, .size = size, .spans = out_spans, .capacity = capacity, .command = true};
    bool blank = true;
    while (s.at < size) {
        char c = text[s.at];
        size_t start = s.at;
        if (isspace((unsigned char)c)) {
            if (c == '\n') s.command = true;
            s.at++;
            blank = true;
            continue;
        }
        bool stream = c == '^' && (peek(&s, 1) == '>' || peek(&s, 1) == '|');
        if (c == '#' && blank) {
            while (s.at < size && text[s.at] != '\n') s.at++;
            add(&s, start, OUTLINE_COMMENT);
        } else if (c == '\'' || c == '"') {
            scan_quoted(&s);
            s.command = false;
        } else if ((c == '$' || c == '@') && (is_name(peek(&s, 1)) || peek(&s, 1) == '{' || peek(&s, 1) == '?')) {
            scan_variable(&s);
            s.command = false;
        } else if ((c == '$' || c == '@') && peek(&s, 1) == '(') {
            s.at += 2;
            add(&s, start, OUTLINE_OPERATOR);
            s.command = true;
        } else if (strchr("()[]{}", c)) {
            s.at++;
            add(&s, start, OUTLINE_OPERATOR);
        } else if (strchr("&|;<>", c) || stream) {
            scan_operator(&s);
        } else {
            scan_word(&s);
        }
        blank = false;
    }
    return s.count;
}
