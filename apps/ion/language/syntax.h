/* SPDX-License-Identifier: MIT
 * From bytes to statements. Statements are cut and parsed one at a time, so that the first runs before the second is looked at.
 * Words stay as they were written until they are used; then word.c reads them, once. All nodes live in the program's arena; the
 * program is counted, because functions keep the one they were defined in. */
#pragma once
#include "value/mem.h"
#include <stdint.h>

enum { DEPTH_MAX = 200 }; /* of blocks in blocks, of brackets in brackets */

struct place {
    uint32_t line, column;
};
struct program {
    struct arena arena;
    unsigned references;
    char *name;
    const char *text;        /* what it was read from, for as long as it is being read: errors show its lines */
    size_t size;
};
struct program *program_make(const char *name);
struct program *program_get(struct program *program);
void program_put(struct program *program);

enum part_kind : uint8_t {
    PART_TEXT,               /* as it is */
    PART_PATTERN,            /* as it is, and `*` `?` `[` in it are special */
    PART_VARIABLE,           /* $name */
    PART_NAMESPACE,          /* ${space::name} */
    PART_PROCESS, PART_ARITHMETIC, PART_METHOD,
    PART_ARRAY, PART_ARRAY_PROCESS, PART_ARRAY_METHOD,
    PART_LITERAL,            /* [a b] */
    PART_TILDE,
};
struct word;
struct words {
    struct word *at;
    size_t count;
};
struct part {
    enum part_kind kind;
    bool kept;               /* it is the program's, not made while running */
    bool read;               /* a process expansion's statements are in body, if they have no mistake */
    uint32_t hash;           /* of a name */
    char *text;              /* text, name, inside of the parentheses */
    size_t size;
    struct words arguments;  /* of a method; the elements of a literal */
    struct word *selection;
    struct program *program; /* null: made while running */
    const struct place *origin; /* where its bytes come from, the sigil first; null: made while running */
    uint32_t width;          /* in bytes, as it is written */
    struct stmt *body;
    struct part *next;
};
enum word_shape : uint8_t {
    WORD_RAW,                /* not yet read */
    WORD_PLAIN,              /* a text */
    WORD_STRING,             /* one part that gives a text */
    WORD_ARRAY,              /* one part that gives any number of arguments */
    WORD_MIXED,
    WORD_BRACES,             /* expand the braces of raw, then read what that gives */
};
struct word {
    enum word_shape shape;
    bool globbing;
    const struct place *origin; /* where each byte of raw comes from; null: made while running */
    char *raw;
    char *plain;
    struct part *parts;
    struct arena *arena;
    struct program *program; /* null: made while running */
};
/* word.c */
void word_read(struct word *word);
static inline void word_ready(struct word *word)
{
    if (word->shape == WORD_RAW) word_read(word);
}
struct word word_make(struct arena *arena, char *raw);
/* The blank-separated words of a text of the program, or, both null, of one made while running. */
struct words words_make(struct arena *arena, const char *text, struct program *program, const struct place *origin);
/* The word is one bracketed list and nothing else. */
bool is_bracketed(const char *raw);
/* Bytes of a name that start here. */
size_t name_size(const char *at);

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
    struct word target;
    struct redirect *next;
};
struct item {
    struct words words;
    struct redirect *redirects;
    uint8_t pipe;            /* the streams that go to the next item */
    uint32_t hash;           /* of the first raw word */
    const void *builtin;     /* of that name, once looked for */
    bool looked;
    struct item *next;
};
struct pipeline {
    struct item *items;
    bool background, disowned;
    char *text;              /* as written, for the table of jobs */
};

enum operator : uint8_t {
    ASSIGN, ASSIGN_MISSING, ASSIGN_ADD, ASSIGN_SUBTRACT, ASSIGN_MULTIPLY, ASSIGN_DIVIDE, ASSIGN_DIVIDE_WHOLE, ASSIGN_POWER, ASSIGN_APPEND,
    ASSIGN_PREPEND, ASSIGN_REMOVE,
};
struct key {
    char *name, *type;       /* null: none given */
    struct word *index;
    uint32_t hash;
};
struct assignment {
    enum operator operator;
    struct key *keys;
    size_t count;
    struct words values;     /* none: a list of names, or of everything */
};

/* `if` and `else if`: condition and body. `case`: pattern words, bound name, guard, body. */
struct branch {
    struct stmt *condition, *body;
    struct words words;
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
    bool joined;             /* && or || follows */
    struct place place;
    uint32_t width;          /* of its text in bytes; of a block, that of its first line */
    struct stmt *next;
    struct program *program;
    union {
        struct pipeline *pipeline;
        struct assignment *assignment;
        struct {             /* if, while, match */
            struct branch *branches;
            struct stmt *otherwise;
            struct words words;  /* match: the value */
        };
        struct {             /* for, function, prefixes */
            struct stmt *body;
            struct words values;         /* for; return: the expression */
            struct list names;           /* for: the variables */
            struct parameter *parameters;
            char *text;                  /* function: name; environment: NAME=VALUE */
            char *description;
        };
    };
};

struct parser {
    struct program *program;
    const char *text;
    size_t size, at;
    char *line;              /* the logical line being cut, and where each of its bytes comes from */
    struct place *origin;
    size_t line_size, line_at;
    struct place here;       /* of the next byte of text */
    const struct place *given; /* where each byte of text is from, when that is a part of another one */
    struct place place;      /* of the statement being parsed, then of what is wrong in it */
    uint32_t width;
    enum join join;
    unsigned depth, loops;
    bool cut;                /* the text ended inside a quote, a bracket, a block or after && or || */
    unsigned open_blocks;    /* then */
    char error[512];
};
void parser_init(struct parser *parser, struct program *program, const char *text, size_t size);
/* The text is a part of another one: where each of its bytes comes from. There is at least one. */
void parser_set_origin(struct parser *parser, const struct place *origin);
/* False: an error; at the end *out_stmt is null. */
[[nodiscard]] bool parser_next(struct parser *parser, struct stmt **out_stmt);
/* After a mistake: goes on with the next line. */
void parser_forget_line(struct parser *parser);
/* All statements of a text, or null when it has a mistake: then running it one by one will find that. */
struct stmt *parse_all(struct program *program, const char *text, size_t size, const struct place *origin);
[[gnu::format(printf, 2, 3)]] bool parser_fail(struct parser *parser, const char *format, ...);
/* Where the bytes of a statement's text come from, from this one on; null: it is no such text. */
const struct place *parser_origin(const struct parser *parser, const char *at);
/* What is wrong is this part of the line. */
void parser_blame(struct parser *parser, const char *at, size_t width);
/* The blank-separated words of a part of a statement. */
struct words parse_words(struct parser *parser, char *text);

/* reader.c: the next logical line in parser->line; false at the end. */
bool read_line(struct parser *parser);
/* split.c: the next statement of the line, trimmed; null when the line is empty. */
[[nodiscard]] bool split_next(struct parser *parser, char **out_text, enum join *out_join);
/* split.c: past what opens at text[i]: a quote, a bracket, a backslash. */
size_t skip_group(const char *text, size_t i);
void split_words(const char *text, struct list *out);
/* pipeline.c */
[[nodiscard]] bool parse_pipeline(struct parser *parser, char *text, struct pipeline **out_pipeline);
/* let.c */
[[nodiscard]] bool parse_assignment(struct parser *parser, char *text, bool exporting, struct assignment **out_assignment);
bool name_is_valid(const char *name);
bool is_map_type(const char *type);
bool type_is_known(const char *type);

/* outline.c: a text as a line editor sees it, without running anything. */
enum outline_state : uint8_t { OUTLINE_COMPLETE, OUTLINE_INCOMPLETE, OUTLINE_WRONG };
struct outline {
    enum outline_state state;
    unsigned open_blocks;    /* how deep the next line would be */
    struct place place;      /* of what is wrong */
    char message[512];
};
/* Whether the text can run as it is, needs more, or is wrong. */
struct outline outline_check(const char *text, size_t size);
