/* SPDX-License-Identifier: MIT
 * The reader of unfinished lines (lex.h). Statements nest through `$(`, `@(` and quotes; below DEPTH_LIMIT nothing more is painted. */
#include "edit/lex.h"
#include "value/mem.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_LIMIT = 64 };
const char *const KEYWORDS[] = {"and", "break", "case", "continue", "else", "end", "export", "fn", "for", "if",
                                "let", "match", "not", "or", "return", "time", "while", "!", nullptr};

struct lexer {
    struct lexed *out;
    const char *text;
    size_t size, at;
    unsigned depth;
};

static bool is(const char *text, size_t size, const char *word)
{
    return strlen(word) == size && !memcmp(text, word, size);
}

static bool is_one_of(const char *text, size_t size, const char *words)
{
    for (const char *at = words; *at;) {
        size_t length = strcspn(at, " ");
        if (length == size && !memcmp(at, text, size)) return true;
        at += length + (at[length] == ' ');
    }
    return false;
}

bool word_is_keyword(const char *text, size_t size)
{
    for (size_t i = 0; KEYWORDS[i]; i++)
        if (is(text, size, KEYWORDS[i])) return true;
    return false;
}

static char peek(const struct lexer *l, size_t ahead)
{
    return l->at + ahead < l->size ? l->text[l->at + ahead] : 0;
}

static void paint(struct lexer *l, size_t from, size_t to, enum token token)
{
    if (to > l->size) to = l->size;
    for (size_t i = from; i < to; i++) l->out->tokens[i] = token;
}

static void step(struct lexer *l, size_t count, enum token token)
{
    paint(l, l->at, l->at + count, token);
    l->at += count;
    if (l->at > l->size) l->at = l->size;
}

static void statements(struct lexer *l, char closing);

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Words until the closing bracket: the arguments of a method, the elements of an array. */
static void inner_words(struct lexer *l, char closing);

static void variable(struct lexer *l)
{
    size_t start = l->at;
    step(l, 1, TOKEN_VARIABLE);
    char c = peek(l, 0);
    if (c == '{') {
        while (l->at < l->size && peek(l, 0) != '}' && peek(l, 0) != '\n') step(l, 1, TOKEN_VARIABLE);
        if (peek(l, 0) == '}') step(l, 1, TOKEN_VARIABLE);
    } else if (c == '(' && peek(l, 1) == '(' && l->text[start] == '$') {
        unsigned open = 0;
        do {
            open += peek(l, 0) == '(' ? 1 : peek(l, 0) == ')' ? -1u : 0;
            step(l, 1, TOKEN_VARIABLE);
        } while (open && l->at < l->size);
    } else if (c == '(') {
        step(l, 1, TOKEN_OPERATOR);
        l->depth++;
        statements(l, ')');
        l->depth--;
        if (peek(l, 0) == ')') step(l, 1, TOKEN_OPERATOR);
    } else if (c == '?') {
        step(l, 1, TOKEN_VARIABLE);
    } else {
        while (is_name(peek(l, 0)) && l->at < l->size) step(l, 1, TOKEN_VARIABLE);
        if (peek(l, 0) == '(' && l->at > start + 1) {
            step(l, 1, TOKEN_VARIABLE);
            inner_words(l, ')');
            if (peek(l, 0) == ')') step(l, 1, TOKEN_VARIABLE);
        }
    }
    if (peek(l, 0) == '[' && l->at > start + 1 && l->depth < DEPTH_LIMIT) {
        step(l, 1, TOKEN_VARIABLE);
        inner_words(l, ']');
        if (peek(l, 0) == ']') step(l, 1, TOKEN_VARIABLE);
    }
}

static void quoted(struct lexer *l, char quote)
{
    step(l, 1, TOKEN_STRING);
    while (l->at < l->size && peek(l, 0) != quote) {
        char c = peek(l, 0);
        if (c == '\\' && quote == '"') step(l, 2, TOKEN_ESCAPE);
        else if (quote == '"' && (c == '$' || c == '@') && (is_name(peek(l, 1)) || strchr("{(?", peek(l, 1) ? peek(l, 1) : 'x')) && l->depth < DEPTH_LIMIT)
            variable(l);
        else step(l, 1, TOKEN_STRING);
    }
    if (l->at < l->size) step(l, 1, TOKEN_STRING);
    else if (!l->out->quote) l->out->quote = quote;
}

/* One piece of a word, whatever stands here. */
static void piece(struct lexer *l, enum token plain)
{
    char c = peek(l, 0);
    bool deep = l->depth >= DEPTH_LIMIT;
    if (c == '\'' || c == '"') quoted(l, c);
    else if (c == '\\') step(l, 2, TOKEN_ESCAPE);
    else if ((c == '$' || c == '@') && !deep && (is_name(peek(l, 1)) || (peek(l, 1) && strchr("{(?", peek(l, 1))))) variable(l);
    else if (c == '[' && !deep) {
        step(l, 1, TOKEN_OPERATOR);
        inner_words(l, ']');
        if (peek(l, 0) == ']') step(l, 1, TOKEN_OPERATOR);
    } else if (c == '*' || c == '?') step(l, 1, TOKEN_PATTERN);
    else if (c == '{' || c == '}' || c == ',') step(l, 1, plain == TOKEN_COMMAND ? plain : TOKEN_PATTERN);
    else if (c == '(' || c == ')' || c == ']') step(l, 1, TOKEN_ERROR);
    else step(l, 1, plain);
}

static size_t add_word(struct lexer *l, size_t start, enum word_role role, size_t command)
{
    struct lexed *o = l->out;
    if (o->word_count == o->word_capacity) {
        o->word_capacity = o->word_capacity ? o->word_capacity * 2 : 32;
        o->words = heap_resize(o->words, o->word_capacity * sizeof *o->words);
    }
    size_t index = o->word_count++;
    o->words[index] = (struct lex_word){start, start, command == SIZE_MAX ? index : command, l->depth, role};
    return index;
}

static void inner_words(struct lexer *l, char closing)
{
    l->depth++;
    while (l->at < l->size && peek(l, 0) != closing) {
        if (isspace((unsigned char)peek(l, 0))) {
            step(l, 1, TOKEN_PLAIN);
            continue;
        }
        size_t word = add_word(l, l->at, ROLE_NAME, SIZE_MAX);
        while (l->at < l->size && !isspace((unsigned char)peek(l, 0)) && peek(l, 0) != closing) piece(l, TOKEN_PLAIN);
        l->out->words[word].end = l->at;
    }
    l->depth--;
}

static bool ends_word(const struct lexer *l, char closing)
{
    char c = peek(l, 0);
    if (l->at >= l->size || isspace((unsigned char)c) || strchr(";&|<>", c) || (closing && c == closing)) return true;
    return c == '^' && (peek(l, 1) == '>' || peek(l, 1) == '|');
}

struct statement {
    bool command_next, target_next, let, naming;
    size_t command;
};

static void block_word(struct lexer *l, struct statement *s, const char *text, size_t size)
{
    if (is_one_of(text, size, "if while for match fn")) {
        /* `else if` goes on with a block that is open */
        size_t count = l->out->word_count;
        const struct lex_word *before = count > 1 ? &l->out->words[count - 2] : nullptr;
        bool continued = before && before->role == ROLE_KEYWORD && is(l->text + before->start, before->end - before->start, "else") &&
                         !memchr(l->text + before->end, '\n', (size_t)(text - l->text) - before->end) &&
                         !memchr(l->text + before->end, ';', (size_t)(text - l->text) - before->end);
        if (!continued) l->out->blocks++;
    }
    if (is(text, size, "end") && l->out->blocks) l->out->blocks--;
    s->command_next = is_one_of(text, size, "if while else and or not ! time");
    s->let = is_one_of(text, size, "let export");
    s->naming = is_one_of(text, size, "for fn");
}

static void command_word(struct lexer *l, struct statement *s, size_t index)
{
    struct lex_word *word = &l->out->words[index];
    const char *text = l->text + word->start;
    size_t size = word->end - word->start;
    const char *equals = memchr(text, '=', size);
    bool assignment = equals && equals > text && isalpha((unsigned char)*text);
    for (const char *at = text; assignment && at < equals; at++) assignment = is_name(*at);
    if (word_is_keyword(text, size)) {
        word->role = ROLE_KEYWORD;
        paint(l, word->start, word->end, TOKEN_KEYWORD);
        s->command = index;
        block_word(l, s, text, size);
    } else if (assignment) {
        word->role = ROLE_NAME;
        paint(l, word->start, word->start + (size_t)(equals - text), TOKEN_VARIABLE);
    } else {
        s->command_next = false;
        s->command = index;
    }
}

static void word(struct lexer *l, struct statement *s, char closing)
{
    size_t start = l->at;
    enum word_role role = s->target_next ? ROLE_TARGET : s->command_next ? ROLE_COMMAND : s->let || s->naming ? ROLE_NAME : ROLE_ARGUMENT;
    size_t index = add_word(l, start, role, role == ROLE_COMMAND ? SIZE_MAX : s->command);
    bool option = role == ROLE_ARGUMENT && peek(l, 0) == '-';
    enum token plain = role == ROLE_COMMAND ? TOKEN_COMMAND : role == ROLE_TARGET ? TOKEN_REDIRECTION : option ? TOKEN_OPTION
                       : role == ROLE_NAME ? TOKEN_VARIABLE : TOKEN_PLAIN;
    if (s->let && peek(l, 0) != '$' && peek(l, 0) != '@' && strchr("=+-*/?:\\", peek(l, 0)) && peek(l, 0)) plain = TOKEN_OPERATOR;
    while (!ends_word(l, closing)) piece(l, plain);
    if (l->at == start) step(l, 1, TOKEN_ERROR); /* nothing moves it: a lone `^` at the end */
    l->out->words[index].end = l->at;
    s->target_next = false;
    if (role == ROLE_COMMAND) command_word(l, s, index);
    if (s->let && role == ROLE_NAME && memchr(l->text + start, '=', l->at - start)) s->let = false;
    if (s->naming && role == ROLE_NAME) {
        bool in = is(l->text + start, l->at - start, "in");
        if (in) paint(l, start, l->at, TOKEN_KEYWORD);
        if (in || is(l->text + l->out->words[s->command].start, 2, "fn")) s->naming = false;
    }
}

static void operators(struct lexer *l, struct statement *s)
{
    char c = peek(l, 0);
    size_t count = 1;
    if ((c == '^' || c == '&') && (peek(l, 1) == '>' || peek(l, 1) == '|')) count = 2, c = peek(l, 1);
    if (c == '<' || c == '>') {
        while (peek(l, count) == c && count < 4) count++;
        step(l, count, TOKEN_REDIRECTION);
        s->target_next = true;
        return;
    }
    while (count == 1 && (c == '&' || c == '|') && peek(l, count) == c) count++;
    step(l, count, TOKEN_OPERATOR);
    *s = (struct statement){.command_next = true, .command = SIZE_MAX};
}

static void statements(struct lexer *l, char closing)
{
    struct statement s = {.command_next = true, .command = SIZE_MAX};
    while (l->at < l->size) {
        char c = peek(l, 0);
        bool fresh = l->at == 0 || isspace((unsigned char)l->text[l->at - 1]) || l->text[l->at - 1] == ';';
        if (closing && c == closing) return;
        if (c == '\n') {
            step(l, 1, TOKEN_PLAIN);
            s = (struct statement){.command_next = true, .command = SIZE_MAX};
        } else if (isspace((unsigned char)c)) {
            step(l, 1, TOKEN_PLAIN);
        } else if (c == '#' && fresh) {
            while (l->at < l->size && peek(l, 0) != '\n') step(l, 1, TOKEN_COMMENT);
        } else if (c == '\\' && peek(l, 1) == '\n') {
            step(l, 2, TOKEN_PLAIN);
        } else if (strchr(";&|<>", c) || (c == '^' && (peek(l, 1) == '>' || peek(l, 1) == '|'))) {
            operators(l, &s);
        } else {
            word(l, &s, closing);
        }
    }
}

void lex(struct lexed *out, const char *text, size_t size)
{
    struct lexer l = {.out = out, .text = text, .size = size};
    out->tokens = heap_resize(out->tokens, size + 1);
    memset(out->tokens, 0, size + 1);
    out->word_count = out->blocks = 0;
    out->quote = 0;
    statements(&l, 0);
}

void lexed_fini(struct lexed *out)
{
    free(out->tokens);
    free(out->words);
    *out = (struct lexed){};
}
