/* SPDX-License-Identifier: MIT
 * From bytes to statements. Words stay as they were written: expand.c reads them when they are used. Statements are cut and
 * parsed one at a time, so that the first runs before the second is looked at. All nodes live in the program's arena; the
 * program is counted, because functions keep the one they were defined in. */
#pragma once
#include "value/mem.h"
#include <stdint.h>

enum { DEPTH_MAX = 200 }; /* of blocks in blocks, of brackets in brackets */

struct program {
    struct arena arena;
    unsigned references;
    char *name;
};
struct program *program_make(const char *name);
struct program *program_get(struct program *program);
void program_put(struct program *program);

struct place {
    uint32_t line, column;
};
enum join : uint8_t { JOIN_ALWAYS, JOIN_AND, JOIN_OR };
enum stmt_kind : uint8_t {
    STMT_NOTHING, STMT_PIPELINE, STMT_LET, STMT_EXPORT, STMT_IF, STMT_WHILE, STMT_FOR, STMT_MATCH, STMT_FUNCTION,
    STMT_BREAK, STMT_CONTINUE, STMT_RETURN, STMT_AND, STMT_OR, STMT_NOT, STMT_TIME, STMT_ENVIRONMENT,
};

enum redirect_kind : uint8_t { REDIRECT_OUT, REDIRECT_APPEND, REDIRECT_IN, REDIRECT_TEXT };
enum { STREAM_OUT = 1, STREAM_ERR = 2 };
struct redirect {
    enum redirect_kind kind;
    uint8_t streams;
    char *target;
    struct redirect *next;
};
struct item {
    struct list words;
    struct redirect *redirects;
    uint8_t pipe;            /* the streams that go to the next item */
    struct item *next;
};
struct pipeline {
    struct item *items;
    bool background, disowned;
};

/* `if` and `else if`: condition and body. `case`: pattern words, bound name, guard, body. */
struct branch {
    struct stmt *condition, *body;
    struct list words;
    char *bind;
    struct branch *next;
};
struct parameter {
    char *name, *type;
    struct parameter *next;
};
struct stmt {
    enum stmt_kind kind;
    enum join join;
    struct place place;
    struct stmt *next;
    struct program *program;
    char *text;              /* let, export: all of it; return, match: the expression; function: name; environment: NAME=VALUE */
    struct pipeline *pipeline;
    struct branch *branches;
    struct stmt *body;       /* else, for, function; what a prefix is before */
    struct list words;       /* for: the values */
    struct list names;       /* for: the variables */
    struct parameter *parameters;
    char *description;
};

struct parser {
    struct program *program;
    const char *text;
    size_t size, at;
    char *line;              /* the logical line being cut, and where each of its bytes comes from */
    struct place *origin;
    size_t line_size, line_at;
    struct place here;       /* of the next byte of text */
    struct place place;      /* of the statement being parsed */
    enum join join;
    unsigned depth, loops;
    bool cut;                /* the text ended inside a quote, a bracket, a block or after && or || */
    unsigned open_blocks;    /* then */
    char *pushed;            /* an `else if` or `case` that ends a list, for whom it concerns */
    char error[512];
};
void parser_init(struct parser *parser, struct program *program, const char *text, size_t size);
/* False: an error; at the end *out_stmt is null. */
[[nodiscard]] bool parser_next(struct parser *parser, struct stmt **out_stmt);
[[gnu::format(printf, 2, 3)]] bool parser_fail(struct parser *parser, const char *format, ...);

/* reader.c: the next logical line in parser->line; false at the end. */
bool read_line(struct parser *parser);
/* split.c: the next statement of the line, trimmed; null when the line is empty. */
[[nodiscard]] bool split_next(struct parser *parser, char **out_text, enum join *out_join);
/* split.c: past what opens at text[i]: a quote, a bracket, a backslash. */
size_t skip_group(const char *text, size_t i);
void split_words(const char *text, struct list *out);
/* pipeline.c */
[[nodiscard]] bool parse_pipeline(struct parser *parser, const char *text, struct pipeline **out_pipeline);
bool name_is_valid(const char *name);

/* outline.c: a text as a line editor sees it, without running anything. */
enum outline_state : uint8_t { OUTLINE_COMPLETE, OUTLINE_INCOMPLETE, OUTLINE_WRONG };
enum outline_kind : uint8_t {
    OUTLINE_COMMAND, OUTLINE_KEYWORD, OUTLINE_ARGUMENT, OUTLINE_QUOTED, OUTLINE_VARIABLE, OUTLINE_METHOD, OUTLINE_OPERATOR,
    OUTLINE_REDIRECT, OUTLINE_COMMENT,
};
struct outline_span {
    uint32_t start, size;
    enum outline_kind kind;
};
struct outline {
    enum outline_state state;
    unsigned open_blocks;    /* how deep the next line would be */
    struct place place;      /* of what is wrong */
    char message[512];
};
/* Whether the text can run as it is, needs more, or is wrong. */
struct outline outline_check(const char *text, size_t size);
/* The tokens of the text in order, blanks between them left out; at most capacity of them, and how many there were. */
size_t outline_spans(const char *text, size_t size, struct outline_span *out_spans, size_t capacity);
