/* SPDX-License-Identifier: MIT
 * Statements by their leading word, and blocks until their `end`. */
#include "language/syntax.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct program *program_make(const char *name)
{
    struct program *program = heap_alloc(sizeof *program);
    *program = (struct program){.references = 1, .name = heap_copy(name)};
    return program;
}

struct program *program_get(struct program *program)
{
    program->references++;
    return program;
}

void program_put(struct program *program)
{
    if (--program->references) return;
    arena_fini(&program->arena);
    free(program->name);
    free(program);
}

void parser_init(struct parser *p, struct program *program, const char *text, size_t size)
{
    *p = (struct parser){.program = program, .text = text, .size = size, .here = {1, 1}, .place = {1, 1}};
}

void parser_set_origin(struct parser *p, const struct place *origin)
{
    p->given = origin;
    p->here = p->place = *origin;
}

bool parser_fail(struct parser *p, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(p->error, sizeof p->error, format, arguments);
    va_end(arguments);
    return false;
}

bool name_is_valid(const char *name)
{
    if (!*name || isdigit((unsigned char)*name)) return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_' && (unsigned char)*name < 0x80) return false;
    return true;
}

/* The text after the word, or null when it does not start with it. */
static char *after_word(char *text, const char *word)
{
    size_t size = strlen(word);
    if (strncmp(text, word, size) || (text[size] && text[size] != ' ')) return nullptr;
    return text[size] ? text + size + 1 : text + size;
}

static bool next_statement(struct parser *p, char **out_text, enum join *out_join)
{
    for (;;) {
        if (!split_next(p, out_text, out_join)) return false;
        if (*out_text || !read_line(p)) return true;
    }
}

static bool parse_statement(struct parser *p, char *text, enum join join, struct stmt **out_stmt);

static void append(struct stmt **head, struct stmt *stmt)
{
    while (*head) head = &(*head)->next;
    *head = stmt;
}

/* Statements up to `end`, or to a word that starts the next part of the block `kind`; that text goes to *out_last. */
static bool parse_list(struct parser *p, enum stmt_kind kind, struct stmt **condition, struct stmt **out_body, char **out_last)
{
    static const char *const BLOCKS[] = {[STMT_IF] = "If", [STMT_WHILE] = "While", [STMT_FOR] = "For",
                                         [STMT_MATCH] = "Match", [STMT_FUNCTION] = "Function"};
    struct stmt **tail = out_body;
    struct place start = p->place;
    uint32_t width = p->width;
    *out_body = nullptr;
    p->open_blocks++;
    for (;;) {
        char *text;
        enum join join;
        if (!next_statement(p, &text, &join)) return false;
        if (!text) {
            p->place = start, p->width = width;
            p->cut = true;
            return parser_fail(p, "block error: expected end block for `%s { .. }`", BLOCKS[kind]);
        }
        bool ends = !strcmp(text, "end") || (kind == STMT_IF && after_word(text, "else")) ||
                    (kind == STMT_MATCH && !strncmp(text, "case", 4) && (!text[4] || text[4] == ' '));
        if (ends) return p->open_blocks--, *out_last = text, true;
        struct stmt *stmt;
        if (!parse_statement(p, text, join, &stmt)) return false;
        if (condition && !*out_body && join != JOIN_ALWAYS) {
            append(condition, stmt);
        } else {
            *tail = stmt;
            tail = &stmt->next;
        }
    }
}

static struct branch *add_branch(struct parser *p, struct stmt *stmt)
{
    struct branch **tail = &stmt->branches;
    while (*tail) tail = &(*tail)->next;
    *tail = arena_alloc(&p->program->arena, sizeof **tail);
    **tail = (struct branch){};
    return *tail;
}

static bool parse_if(struct parser *p, struct stmt *stmt, char *text)
{
    for (;;) {
        struct branch *branch = add_branch(p, stmt);
        char *last;
        if (!parse_statement(p, text, JOIN_ALWAYS, &branch->condition)) return false;
        if (!parse_list(p, STMT_IF, &branch->condition, &branch->body, &last)) return false;
        if (!strcmp(last, "end")) return true;
        text = after_word(last, "else if");
        if (text) continue;
        if (!parse_list(p, STMT_IF, nullptr, &stmt->otherwise, &last)) return false;
        if (!strcmp(last, "end")) return true;
        return parser_fail(p, "block error: %s", after_word(last, "else if") ? "ElseIf found after Else" : "Else block already exists");
    }
}

static bool parse_loop(struct parser *p, struct stmt *stmt, struct stmt **condition, struct stmt **out_body)
{
    char *last;
    p->loops++;
    bool parsed = parse_list(p, stmt->kind, condition, out_body, &last);
    p->loops--;
    return parsed;
}

/* Errors in it are said to be here. */
static void place_statement(struct parser *p, struct stmt *stmt, const char *text)
{
    if (*text) parser_blame(p, text, strlen(text));
    stmt->place = p->place;
    stmt->width = p->width;
}

static bool parse_while(struct parser *p, struct stmt *stmt, char *text)
{
    struct branch *branch = add_branch(p, stmt);
    struct stmt *condition = arena_alloc(&p->program->arena, sizeof *condition);
    memset(condition, 0, sizeof *condition);
    condition->kind = STMT_PIPELINE, condition->program = p->program;
    place_statement(p, condition, text);
    branch->condition = condition;
    return parse_pipeline(p, text, &condition->pipeline) && parse_loop(p, stmt, &branch->condition, &branch->body);
}

static bool parse_for(struct parser *p, struct stmt *stmt, char *text)
{
    char *in = strstr(text, " in ");
    if (!in) return parser_fail(p, "syntax error: no value supplied for iteration in for loop");
    *in = 0;
    stmt->names = list_make(&p->program->arena);
    split_words(text, &stmt->names);
    if (!stmt->names.count) return parser_fail(p, "syntax error: no value supplied for iteration in for loop");
    stmt->values = parse_words(p, in + 4);
    return parse_loop(p, stmt, nullptr, &stmt->body);
}

/* PATTERN... [@ NAME] [if STATEMENT] */
static bool parse_case(struct parser *p, struct branch *branch, char *text)
{
    struct list raw = list_make(&p->program->arena);
    char *at = text, *patterns_end = nullptr;
    split_words(text, &raw);
    for (size_t i = 0; i < raw.count; at += strlen(raw.at[i++])) {
        while (is_blank(*at)) at++;
        if (!strcmp(raw.at[i], "@")) {
            if (!patterns_end) patterns_end = at;
            if (i + 1 == raw.count) return parser_fail(p, "syntax error: case error: no bind variable was supplied");
            at = strstr(at + 1, raw.at[i + 1]);
            branch->bind = raw.at[++i];
        } else if (!strcmp(raw.at[i], "if")) {
            if (!patterns_end) patterns_end = at;
            *patterns_end = 0;
            branch->words = parse_words(p, text);
            if (i + 1 == raw.count) return parser_fail(p, "syntax error: case error: no conditional statement was given");
            return parse_statement(p, at + 2, JOIN_ALWAYS, &branch->condition);
        } else if (branch->bind) {
            return parser_fail(p, "syntax error: case error: extra value, '%s', was given to bind", raw.at[i]);
        }
    }
    if (patterns_end) *patterns_end = 0;
    branch->words = parse_words(p, text);
    return true;
}

static bool parse_match(struct parser *p, struct stmt *stmt, char *text)
{
    struct stmt *before;
    char *last;
    stmt->words = parse_words(p, text);
    if (!parse_list(p, STMT_MATCH, nullptr, &before, &last)) return false;
    for (; before; before = before->next)
        if (before->kind != STMT_NOTHING) return parser_fail(p, "block error: statement found outside of Case block in Match");
    while (strcmp(last, "end")) {
        struct branch *branch = add_branch(p, stmt);
        if (!last[4]) return parser_fail(p, "syntax error: missing parameters for a block");
        if (!parse_case(p, branch, last + 5) || !parse_list(p, STMT_MATCH, nullptr, &branch->body, &last)) return false;
    }
    return true;
}

static bool parse_parameter(struct parser *p, struct stmt *stmt, char *word)
{
    char *colon = strchr(word, ':');
    size_t size = strlen(word);
    const char *type = colon ? colon + 1 : size > 2 && !strcmp(word + size - 2, "[]") ? "[str]" : "str";
    if (colon) *colon = 0;
    else if (!strcmp(type, "[str]")) word[size - 2] = 0;
    if (!name_is_valid(word)) return parser_fail(p, "syntax error: function argument error: '%s' is not a valid name", word);
    if (!type_is_known(type)) return parser_fail(p, "syntax error: function argument error: '%s' is not a type", type);
    struct parameter **tail = &stmt->parameters;
    for (; *tail; tail = &(*tail)->next)
        if (!strcmp((*tail)->name, word))
            return parser_fail(p, "syntax error: function argument error: repeated argument name: '%s'", word);
    *tail = arena_alloc(&p->program->arena, sizeof **tail);
    **tail = (struct parameter){.name = word, .type = arena_copy(&p->program->arena, type, strlen(type))};
    return true;
}

static bool parse_function(struct parser *p, struct stmt *stmt, char *text)
{
    char *description = strstr(text, "-- ");
    if (description) {
        *description = 0;
        stmt->description = description + 3;
    }
    struct list words = list_make(&p->program->arena);
    split_words(text, &words);
    stmt->text = words.count ? words.at[0] : "";
    if (!name_is_valid(stmt->text))
        return parser_fail(p, "syntax error: '%s' is not a valid function name\n     Function names may only contain alphanumeric characters",
                           stmt->text);
    for (size_t i = 1; i < words.count; i++)
        if (!parse_parameter(p, stmt, words.at[i])) return false;
    unsigned loops = p->loops;
    char *last;
    p->loops = 0;
    bool parsed = parse_list(p, STMT_FUNCTION, nullptr, &stmt->body, &last);
    p->loops = loops;
    return parsed;
}

static bool is_environment(const char *text)
{
    if (!isalpha((unsigned char)*text)) return false;
    while (*text && *text != ' ' && *text != '=') {
        if (!isalnum((unsigned char)*text) && *text != '_') return false;
        text++;
    }
    if (*text != '=') return false;
    while (*text && *text != ' ') text++;
    return *text == ' ';
}

static bool parse_prefix(struct parser *p, struct stmt *stmt, enum stmt_kind kind, char *text)
{
    stmt->kind = kind;
    return parse_statement(p, text, JOIN_ALWAYS, &stmt->body);
}

static bool parse_block_word(struct parser *p, struct stmt *stmt, char *text, bool *out_known)
{
    char *rest;
    *out_known = true;
    if (!strcmp(text, "for") || !strcmp(text, "match") || !strcmp(text, "case"))
        return parser_fail(p, "syntax error: missing parameters for a block");
    if (!strcmp(text, "end")) return parser_fail(p, "block error: End found but no block to close");
    if (after_word(text, "case")) return parser_fail(p, "block error: Case found outside of Match block");
    if (after_word(text, "else if")) return parser_fail(p, "block error: found ElseIf without If block");
    if (after_word(text, "else")) return parser_fail(p, "block error: found Else without If block");
    if (!strcmp(text, "break") || !strcmp(text, "continue")) {
        stmt->kind = *text == 'b' ? STMT_BREAK : STMT_CONTINUE;
        if (p->loops) return true;
        return parser_fail(p, "block error: found %s without loop body", *text == 'b' ? "Break" : "Continue");
    }
    if ((rest = after_word(text, "if"))) return stmt->kind = STMT_IF, parse_if(p, stmt, rest);
    if ((rest = after_word(text, "while"))) return stmt->kind = STMT_WHILE, parse_while(p, stmt, rest);
    if ((rest = after_word(text, "for"))) return stmt->kind = STMT_FOR, parse_for(p, stmt, rest);
    if ((rest = after_word(text, "match"))) return stmt->kind = STMT_MATCH, parse_match(p, stmt, rest);
    if ((rest = after_word(text, "fn")) && *rest && strcmp(rest, "-h") && strcmp(rest, "--help")) return stmt->kind = STMT_FUNCTION, parse_function(p, stmt, rest);
    return *out_known = false, true;
}

static bool parse_kind(struct parser *p, struct stmt *stmt, char *text)
{
    char *rest;
    bool known;
    if (!*text || *text == '#') return true;
    if (!parse_block_word(p, stmt, text, &known)) return false;
    if (known) return true;
    if ((rest = after_word(text, "return"))) return stmt->kind = STMT_RETURN, stmt->values = parse_words(p, rest), true;
    if ((rest = after_word(text, "let"))) return stmt->kind = STMT_LET, parse_assignment(p, rest, false, &stmt->assignment);
    if ((rest = after_word(text, "export"))) return stmt->kind = STMT_EXPORT, parse_assignment(p, rest, true, &stmt->assignment);
    if ((rest = after_word(text, "and"))) return parse_prefix(p, stmt, STMT_AND, rest);
    if ((rest = after_word(text, "or"))) return parse_prefix(p, stmt, STMT_OR, rest);
    if ((rest = after_word(text, "not"))) return parse_prefix(p, stmt, STMT_NOT, rest);
    if ((rest = after_word(text, "!"))) return parse_prefix(p, stmt, STMT_NOT, rest);
    if ((rest = after_word(text, "time"))) {
        for (char *again; (again = after_word(rest, "time"));) rest = again;
        return parse_prefix(p, stmt, STMT_TIME, rest);
    }
    if (is_environment(text)) {
        rest = strchr(text, ' ');
        *rest = 0;
        stmt->text = text;
        return parse_prefix(p, stmt, STMT_ENVIRONMENT, rest + 1);
    }
    stmt->kind = STMT_PIPELINE;
    return parse_pipeline(p, text, &stmt->pipeline);
}

static bool parse_statement(struct parser *p, char *text, enum join join, struct stmt **out_stmt)
{
    struct arena *arena = &p->program->arena;
    struct stmt *stmt = arena_alloc(arena, sizeof *stmt);
    memset(stmt, 0, sizeof *stmt);
    stmt->join = join, stmt->joined = p->join != JOIN_ALWAYS, stmt->program = p->program;
    if (p->depth == DEPTH_MAX) return parser_fail(p, "syntax error: nested more than %d deep", DEPTH_MAX);
    p->depth++;
    while (*text == ' ') text++;
    place_statement(p, stmt, text);
    bool parsed = parse_kind(p, stmt, text);
    p->depth--;
    *out_stmt = stmt;
    return parsed;
}

void parser_forget_line(struct parser *p)
{
    p->line_at = p->line_size;
    p->depth = p->loops = p->open_blocks = 0;
    p->join = JOIN_ALWAYS;
}

bool parser_next(struct parser *p, struct stmt **out_stmt)
{
    char *text;
    enum join join;
    *out_stmt = nullptr;
    if (!next_statement(p, &text, &join)) return false;
    return !text || parse_statement(p, text, join, out_stmt);
}

struct stmt *parse_all(struct program *program, const char *text, size_t size, const struct place *origin)
{
    struct parser parser;
    struct stmt *first = nullptr, **tail = &first;
    parser_init(&parser, program, text, size);
    if (origin && size) parser_set_origin(&parser, origin);
    do {
        if (!parser_next(&parser, tail)) return nullptr;
    } while (*tail && (tail = &(*tail)->next));
    return first;
}
