/* SPDX-License-Identifier: MIT
 * A pipeline as written: items with raw words, redirections, and what goes through each pipe. */
#include "language/syntax.h"
#include "value/value.h"
#include <ctype.h>
#include <string.h>

struct lexer {
    struct parser *parser;
    const char *text;
    size_t at;
};

static void skip_blanks(struct lexer *l)
{
    while (isspace((unsigned char)l->text[l->at])) l->at++;
}

static struct word take_word(struct lexer *l)
{
    size_t start = l->at;
    const char *text = l->text;
    while (text[l->at] && !isspace((unsigned char)text[l->at]) && !strchr("&|<>", text[l->at])) {
        if (text[l->at] == '^' && text[l->at + 1] && strchr(">|", text[l->at + 1])) break;
        l->at = strchr("\\'\"([{", text[l->at]) ? skip_group(text, l->at) : l->at + 1;
    }
    struct word word = word_make(&l->parser->program->arena, arena_copy(&l->parser->program->arena, text + start, l->at - start));
    word.origin = parser_origin(l->parser, text + start);
    word.program = l->parser->program;
    return word;
}

static void add_word(struct lexer *l, struct words *words, size_t *capacity)
{
    if (words->count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 4;
        struct word *grown = arena_alloc(&l->parser->program->arena, *capacity * sizeof *grown);
        if (words->count) memcpy(grown, words->at, words->count * sizeof *grown);
        words->at = grown;
    }
    words->at[words->count++] = take_word(l);
}

struct words parse_words(struct parser *p, char *text)
{
    return words_make(&p->program->arena, text, p->program, parser_origin(p, text));
}

static bool take_redirect(struct lexer *l, struct item *item, uint8_t streams)
{
    struct redirect redirect = {.streams = streams};
    const char *at = l->text + l->at;
    size_t size = 1;
    if (!strncmp(at, "<<<", 3)) redirect.kind = REDIRECT_TEXT, size = 3;
    else if (!strncmp(at, "<<", 2)) return parser_fail(l->parser, "syntax error: heredocs are not a part of Ion. Use redirection and/or cat instead");
    else if (*at == '<') redirect.kind = REDIRECT_IN;
    else if (!strncmp(at, ">>", 2)) redirect.kind = REDIRECT_APPEND, size = 2;
    l->at += size;
    skip_blanks(l);
    redirect.target = take_word(l);
    if (!*redirect.target.raw) {
        return parser_fail(l->parser, redirect.kind == REDIRECT_TEXT ? "syntax error: expected string argument after '<<<'"
                                      : redirect.kind == REDIRECT_IN ? "syntax error: expected file argument after redirection for input"
                                                                     : "syntax error: expected file argument after redirection for output");
    }
    struct redirect **tail = &item->redirects;
    while (*tail) tail = &(*tail)->next;
    *tail = arena_alloc(&l->parser->program->arena, sizeof redirect);
    **tail = redirect;
    return true;
}

/* `^` and `&` in front of a redirection or a pipe choose the streams. */
static uint8_t take_streams(struct lexer *l)
{
    char c = l->text[l->at], next = c ? l->text[l->at + 1] : 0;
    if ((c != '^' && c != '&') || (next != '>' && next != '|')) return STREAM_OUT;
    l->at++;
    return c == '^' ? STREAM_ERR : STREAM_OUT | STREAM_ERR;
}

bool parse_pipeline(struct parser *p, char *text, struct pipeline **out_pipeline)
{
    struct arena *arena = &p->program->arena;
    struct lexer l = {.parser = p, .text = text};
    struct pipeline *pipeline = arena_alloc(arena, sizeof *pipeline);
    *pipeline = (struct pipeline){.text = text};
    struct item **tail = &pipeline->items;
    *out_pipeline = pipeline;
    for (;;) {
        struct item *item = *tail = arena_alloc(arena, sizeof *item);
        *item = (struct item){};
        size_t capacity = 0;
        tail = &item->next;
        for (skip_blanks(&l); text[l.at]; skip_blanks(&l)) {
            uint8_t streams = take_streams(&l);
            char c = text[l.at];
            if (c == '|') {
                l.at++;
                item->pipe = streams;
                break;
            }
            if (c == '&') {
                pipeline->background = true;
                pipeline->disowned = text[l.at + 1] == '!';
                l.at = strlen(text);
            } else if (c == '<' || c == '>') {
                if (!take_redirect(&l, item, streams)) return false;
            } else {
                add_word(&l, &item->words, &capacity);
            }
        }
        if (!item->words.count) return parser_fail(p, "syntax error: expected command, but found %s", item->redirects ? "redirection" : "|");
        item->hash = name_hash(item->words.at[0].raw);
        if (!item->pipe) return true;
    }
}
