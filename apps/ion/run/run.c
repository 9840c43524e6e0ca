/* SPDX-License-Identifier: MIT
 * Statements (run.h). Scratch is released after each one: what must stay is in a variable. */
#include "expand/expand.h"
#include "value/regex.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool fail(struct shell *sh, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sh->error, sizeof sh->error, format, arguments);
    va_end(arguments);
    return false;
}

/* The line of the text that a place is in, cut to what fits a screen. */
static char *line_of(const struct program *program, uint32_t line)
{
    const char *at = program->text, *end = at ? at + program->size : nullptr;
    for (; at && --line && at; at = at ? at + 1 : nullptr) at = memchr(at, '\n', (size_t)(end - at));
    if (!at) return nullptr;
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    size_t size = (size_t)((stop ? stop : end) - at);
    char *copy = heap_alloc(size + 1);
    memcpy(copy, at, size);
    copy[size] = 0;
    return copy;
}

void error_at(struct shell *sh, const struct program *program, struct place place, size_t width)
{
    if (sh->error_program) return;
    sh->error_place = place;
    sh->error_width = width;
    sh->error_program = heap_copy(program->name);
    sh->error_line = line_of(program, place.line);
}

void error_forget(struct shell *sh)
{
    free(sh->error_program);
    free(sh->error_line);
    sh->error_program = sh->error_line = nullptr;
}

/* The line with the word underlined; not when it is too long to be read. */
static void show_line(struct shell *sh)
{
    size_t column = sh->error_place.column - 1, size = sh->error_line ? strlen(sh->error_line) : 0;
    if (!size || size > 200 || column > size) return;
    size_t width = sh->error_width < size - column ? sh->error_width : size - column;
    struct buf mark = buf_make(&sh->scratch);
    for (size_t i = 0; i < column; i++)
        if (((unsigned char)sh->error_line[i] & 0xc0) != 0x80) buf_char(&mark, sh->error_line[i] == '\t' ? '\t' : ' ');
    for (size_t i = 0; i < width || !i; i++)
        if (i >= width || ((unsigned char)sh->error_line[column + i] & 0xc0) != 0x80) buf_char(&mark, '^');
    complain(sh, "  | %s\n  | %s\n", sh->error_line, mark.at);
}

/* What the shell says and what it complains about go into one file: a record, in which messages stand as the language fixes them. */
static bool is_recorded(void)
{
    struct stat out, err;
    return !isatty(2) && !fstat(1, &out) && !fstat(2, &err) && out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

void report_place(struct shell *sh)
{
    if (sh->error_program && !is_recorded()) {
        unsigned column = 1;
        for (uint32_t i = 0; sh->error_line && i + 1 < sh->error_place.column && sh->error_line[i]; i++)
            column += ((unsigned char)sh->error_line[i] & 0xc0) != 0x80;
        complain(sh, "  at %s:%u:%u\n", sh->error_program, sh->error_place.line, sh->error_line ? column : sh->error_place.column);
        show_line(sh);
    }
    error_forget(sh);
}

void report(struct shell *sh)
{
    if (*sh->error) {
        complain(sh, "ion: %s\n", sh->error);
        report_place(sh);
    }
    error_forget(sh);
    sh->status = 1;
}

bool enter(struct shell *sh)
{
    if ((const char *)__builtin_frame_address(0) < sh->stack_end) return fail(sh, "nested too deep: more than the stack holds");
    return true;
}

void leave(struct shell *)
{
}

static bool may_go_on(struct shell *sh)
{
    if (sh->interrupted) return fail(sh, "%s", "");
    if (sh->statements_max && sh->statements++ >= sh->statements_max) return fail(sh, "more than %lu statements", sh->statements_max);
    return enter(sh);
}

struct function *function_get(struct function *function)
{
    function->references++;
    return function;
}

void function_put(struct function *function)
{
    if (--function->references) return;
    program_put(function->program);
    free(function);
}

static enum flow run_body(struct shell *sh, const struct stmt *body)
{
    struct scope inner = {.outer = sh->scope}, *outer = sh->scope;
    sh->scope = &inner;
    enum flow flow = run_list(sh, body);
    sh->scope = outer;
    scope_fini(&inner);
    return flow;
}

static enum flow run_condition(struct shell *sh, const struct stmt *condition)
{
    sh->testing++;
    enum flow flow = run_body(sh, condition);
    sh->testing--;
    return flow;
}

static enum flow run_if(struct shell *sh, const struct stmt *stmt)
{
    for (const struct branch *branch = stmt->branches; branch; branch = branch->next) {
        enum flow flow = run_condition(sh, branch->condition);
        if (flow != FLOW_ON) return flow;
        if (sh->status == 0) return run_body(sh, branch->body);
    }
    return run_body(sh, stmt->otherwise);
}

static enum flow run_while(struct shell *sh, const struct stmt *stmt)
{
    for (;;) {
        enum flow flow = run_condition(sh, stmt->branches->condition);
        if (flow != FLOW_ON || sh->status != 0) return flow;
        flow = run_body(sh, stmt->branches->body);
        /* Where nothing is executed no condition ever becomes false. */
        if (flow == FLOW_BREAK || (flow == FLOW_ON && sh->no_execute)) return FLOW_ON;
        if (flow != FLOW_ON && flow != FLOW_CONTINUE) return flow;
    }
}

static void set_loop_variable(struct shell *sh, const char *name, const char *text)
{
    if (*name != '_' || name[1]) scope_set_text(sh->scope, name, name_hash(name), text, strlen(text));
}

static enum flow run_range(struct shell *sh, const struct stmt *stmt, const struct range *range)
{
    for (unsigned long i = 0; i < range->count; i++) {
        struct arena_mark mark = arena_mark(&sh->scratch);
        set_loop_variable(sh, stmt->names.at[0], range_at(&sh->scratch, range, i));
        arena_release(&sh->scratch, mark);
        if (!may_go_on(sh)) return FLOW_ERROR;
        enum flow flow = run_body(sh, stmt->body);
        leave(sh);
        if (flow == FLOW_BREAK) return FLOW_ON;
        if (flow != FLOW_ON && flow != FLOW_CONTINUE) return flow;
    }
    return FLOW_ON;
}

/* `{1..9}` alone: what it makes is not needed all at once. */
static bool is_long_range(const struct words *words, struct range *out_range)
{
    const char *raw = words->count == 1 ? words->at[0].raw : "";
    size_t size = strlen(raw);
    char inside[64];
    if (*raw != '{' || raw[size - 1] != '}' || size - 2 >= sizeof inside || strcspn(raw, ",\\'\"$@") < size) return false;
    memcpy(inside, raw + 1, size - 2);
    inside[size - 2] = 0;
    return range_parse(inside, out_range) && out_range->count > 1;
}

static enum flow run_for(struct shell *sh, const struct stmt *stmt)
{
    struct list all = list_make(&sh->scratch);
    struct range range;
    if (stmt->names.count == 1 && is_long_range(&stmt->values, &range)) return run_range(sh, stmt, &range);
    if (!expand_words(sh, (struct words *)&stmt->values, &all)) return FLOW_ERROR;
    if (all.count == 1 && range_parse(all.at[0], &range)) return run_range(sh, stmt, &range);
    for (size_t i = 0; i < all.count; i += stmt->names.count) {
        for (size_t j = 0; j < stmt->names.count; j++)
            set_loop_variable(sh, stmt->names.at[j], i + j < all.count ? all.at[i + j] : "");
        enum flow flow = run_body(sh, stmt->body);
        if (flow == FLOW_BREAK) return FLOW_ON;
        if (flow != FLOW_ON && flow != FLOW_CONTINUE) return flow;
    }
    return FLOW_ON;
}

static bool matches_any(const char *value, const struct list *patterns)
{
    for (size_t i = 0; i < patterns->count; i++) {
        const char *pattern = patterns->at[i];
        if (!strcmp(pattern, "_")) return true;
        bool plain = !pattern[strcspn(pattern, "\\^$.|?*+()[]{}")];
        if (plain ? !strcmp(pattern, value) : regex_matches_whole(pattern, value)) return true;
    }
    return false;
}

static bool case_matches(struct shell *sh, const struct branch *branch, const struct list *values, bool *out_matches)
{
    struct list patterns = list_make(&sh->scratch);
    if (!expand_words(sh, (struct words *)&branch->words, &patterns)) return false;
    *out_matches = true;
    for (size_t i = 0; i < values->count && branch->words.count; i++)
        *out_matches = *out_matches && matches_any(values->at[i], &patterns);
    return true;
}

static enum flow run_case(struct shell *sh, const struct branch *branch, bool *out_taken)
{
    *out_taken = false;
    if (branch->condition) {
        sh->testing++;
        enum flow flow = run_list(sh, branch->condition);
        sh->testing--;
        if (flow != FLOW_ON || sh->status != 0) return flow;
    }
    *out_taken = true;
    return run_list(sh, branch->body);
}

static struct value *bound_value(const struct stmt *stmt, const struct list *values)
{
    if (*stmt->words.at[0].raw != '[') return value_string(values->count ? list_join(values, " ") : "");
    struct value *array = value_make(VALUE_ARRAY);
    for (size_t i = 0; i < values->count; i++) value_insert(array, i, value_string(values->at[i]));
    return array;
}

static enum flow run_match(struct shell *sh, const struct stmt *stmt)
{
    struct list values = list_make(&sh->scratch);
    if (!expand_words(sh, (struct words *)&stmt->words, &values)) return FLOW_ERROR;
    for (const struct branch *branch = stmt->branches; branch; branch = branch->next) {
        bool matches, taken;
        if (!case_matches(sh, branch, &values, &matches)) return FLOW_ERROR;
        if (!matches) continue;
        struct scope inner = {.outer = sh->scope}, *outer = sh->scope;
        sh->scope = &inner;
        if (branch->bind) scope_set_here(&inner, branch->bind, bound_value(stmt, &values));
        enum flow flow = run_case(sh, branch, &taken);
        sh->scope = outer;
        scope_fini(&inner);
        if (taken || flow != FLOW_ON) return flow;
    }
    return FLOW_ON;
}

static void define(struct shell *sh, const struct stmt *stmt)
{
    struct value *value = value_make(VALUE_FUNCTION);
    value->function = heap_alloc(sizeof *value->function);
    *value->function = (struct function){.references = 1, .program = program_get(stmt->program), .definition = stmt, .scope = sh->scope};
    scope_set_here(sh->scope, stmt->text, value);
}

static bool bind_arguments(struct shell *sh, const struct stmt *definition, struct words *raw, struct scope *locals)
{
    size_t i = 1;
    for (const struct parameter *parameter = definition->parameters; parameter; parameter = parameter->next, i++) {
        char *why, *text;
        if (i == raw->count) return fail(sh, "function error: invalid number of arguments supplied");
        struct word *word = &raw->at[i];
        if (!strcmp(parameter->type, "str") && *word->raw != '[') {
            if (!expand_string(sh, word, &text)) return false;
            scope_set_text(locals, parameter->name, name_hash(parameter->name), text, strlen(text));
            continue;
        }
        struct value *value = value_typed(sh, parameter->type, word, &why);
        if (!value && !why) return false;
        if (!value) {
            fail(sh, "function error: argument has invalid type: expected %s, found value '%s'", parameter->type, word->raw);
            return word_blame(sh, word);
        }
        scope_set_here(locals, parameter->name, value);
    }
    return i == raw->count || fail(sh, "function error: invalid number of arguments supplied");
}

bool function_call(struct shell *sh, struct function *function, struct words *raw)
{
    struct scope locals = {.outer = function->scope, .boundary = true}, *caller = sh->scope;
    enum flow flow = FLOW_ERROR;
    unsigned aliases = sh->aliases;
    function_get(function);
    sh->aliases = 0;
    if (bind_arguments(sh, function->definition, raw, &locals)) {
        sh->scope = &locals;
        flow = run_list(sh, function->definition->body);
        sh->scope = caller;
    }
    sh->aliases = aliases;
    scope_fini(&locals);
    function_put(function);
    return flow != FLOW_ERROR;
}

bool hook_call(struct shell *sh, const char *name, bool *out_called)
{
    const struct value *hook = scope_find(sh->scope, name);
    *out_called = hook && hook->kind == VALUE_FUNCTION;
    if (!*out_called) return true;
    struct word word = word_make(&sh->scratch, (char *)name);
    struct words alone = {&word, 1};
    return function_call(sh, hook->function, &alone);
}

static enum flow run_return(struct shell *sh, const struct stmt *stmt)
{
    struct list all = list_make(&sh->scratch);
    long status;
    if (!stmt->values.count) return FLOW_RETURN;
    if (!expand_words(sh, (struct words *)&stmt->values, &all)) return FLOW_ERROR;
    if (all.count && whole_number(list_join(&all, " "), &status) && status == (int)status) sh->status = (int)status;
    return FLOW_RETURN;
}

static enum flow run_time(struct shell *sh, const struct stmt *stmt)
{
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    enum flow flow = run_list(sh, stmt->body);
    clock_gettime(CLOCK_MONOTONIC, &to);
    long nanoseconds = (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec, seconds = nanoseconds / 1000000000;
    if (seconds < 60) sayf(sh, "real    %ld.%09lds\n", seconds, nanoseconds % 1000000000);
    else sayf(sh, "real    %ldm%ld.%09lds\n", seconds / 60, seconds % 60, nanoseconds % 1000000000);
    return flow;
}

static enum flow run_with_environment(struct shell *sh, const struct stmt *stmt)
{
    char *equals = strchr(stmt->text, '='), *name = arena_copy(&sh->scratch, stmt->text, (size_t)(equals - stmt->text));
    const char *before = getenv(name);
    char *kept = before ? heap_copy(before) : nullptr;
    setenv(name, equals + 1, 1);
    enum flow flow = run_list(sh, stmt->body);
    if (kept) setenv(name, kept, 1);
    else unsetenv(name);
    free(kept);
    return flow;
}

static enum flow run_prefix(struct shell *sh, const struct stmt *stmt)
{
    if (stmt->kind == STMT_AND && sh->status != 0) return FLOW_ON;
    if (stmt->kind == STMT_OR && sh->status == 0) return FLOW_ON;
    sh->testing += stmt->kind == STMT_NOT;
    enum flow flow = run_list(sh, stmt->body);
    sh->testing -= stmt->kind == STMT_NOT;
    if (stmt->kind == STMT_NOT) sh->status = sh->status == 0;
    return flow;
}

static enum flow simple(const struct shell *sh, bool good)
{
    return !good ? FLOW_ERROR : sh->exiting ? FLOW_EXIT : FLOW_ON;
}

static enum flow run_kind(struct shell *sh, const struct stmt *stmt)
{
    switch (stmt->kind) {
    case STMT_NOTHING: return FLOW_ON;
    case STMT_PIPELINE: return simple(sh, run_pipeline(sh, stmt->pipeline));
    case STMT_LET:
    case STMT_EXPORT: return simple(sh, run_assignment(sh, stmt));
    case STMT_IF: return run_if(sh, stmt);
    case STMT_WHILE: return run_while(sh, stmt);
    case STMT_FOR: return run_for(sh, stmt);
    case STMT_MATCH: return run_match(sh, stmt);
    case STMT_FUNCTION: define(sh, stmt); return FLOW_ON;
    case STMT_BREAK: return FLOW_BREAK;
    case STMT_CONTINUE: return FLOW_CONTINUE;
    case STMT_RETURN: return run_return(sh, stmt);
    case STMT_AND:
    case STMT_OR:
    case STMT_NOT: return run_prefix(sh, stmt);
    case STMT_TIME: return run_time(sh, stmt);
    case STMT_ENVIRONMENT: return run_with_environment(sh, stmt);
    }
    return FLOW_ON;
}

static enum flow run_statement(struct shell *sh, const struct stmt *stmt)
{
    if ((stmt->join == JOIN_AND && sh->status != 0) || (stmt->join == JOIN_OR && sh->status == 0)) return FLOW_ON;
    enum flow flow = FLOW_ERROR;
    if (may_go_on(sh)) {
        struct arena_mark mark = arena_mark(&sh->scratch);
        flow = run_kind(sh, stmt);
        arena_release(&sh->scratch, mark);
        leave(sh);
    }
    if (flow == FLOW_ERROR) error_at(sh, stmt->program, stmt->place, stmt->width);
    return flow;
}

enum flow run_list(struct shell *sh, const struct stmt *stmt)
{
    enum flow flow = FLOW_ON;
    for (; stmt && flow == FLOW_ON; stmt = stmt->next) {
        flow = run_statement(sh, stmt);
        if (!sh->exit_on_error || !sh->status || flow != FLOW_ON || sh->testing || stmt->kind != STMT_PIPELINE || stmt->joined) continue;
        fail(sh, "pipeline execution error: early exit: pipeline failed with error code %d", sh->status);
        error_at(sh, stmt->program, stmt->place, stmt->width);
        flow = FLOW_ERROR;
    }
    return flow;
}

/* A mistake of the text itself. */
static void parse_error(struct shell *sh, const struct parser *parser)
{
    if (!sh->error_program) fail(sh, "%s", parser->error);
    error_at(sh, parser->program, parser->place, parser->width);
}

static enum flow run_parsed(struct shell *sh, struct parser *parser)
{
    struct stmt *next;
    enum flow flow = FLOW_ON;
    bool goes_on = sh->goes_on;
    sh->goes_on = false;
    while (flow == FLOW_ON || flow == FLOW_RETURN) {
        bool parsed = parser_next(parser, &next);
        if (!parsed) parse_error(sh, parser), flow = FLOW_ERROR;
        else if (!next) break;
        else flow = run_list(sh, next);
        if (flow != FLOW_ERROR || !goes_on || sh->interrupted) continue;
        report(sh);
        parser_forget_line(parser);
        flow = FLOW_ON;
    }
    parser->program->text = nullptr;
    program_put(parser->program);
    return flow == FLOW_RETURN ? FLOW_ON : flow;
}

enum flow run_text(struct shell *sh, const char *name, const char *text, size_t size)
{
    struct program *program = program_make(name);
    struct parser parser;
    program->text = text, program->size = size;
    parser_init(&parser, program, text, size);
    return run_parsed(sh, &parser);
}

enum flow run_part(struct shell *sh, const struct part *part)
{
    if (!part->origin || !part->size) return run_text(sh, "$()", part->text, part->size);
    struct program *program = program_make(part->program->name);
    struct parser parser;
    program->text = part->program->text, program->size = part->program->size;
    parser_init(&parser, program, part->text, part->size);
    parser_set_origin(&parser, part->origin + 2);
    return run_parsed(sh, &parser);
}

enum flow run_file(struct shell *sh, int file, const char *name)
{
    struct arena arena = {};
    struct buf text = buf_make(&arena);
    read_everything(file, &text);
    enum flow flow = run_text(sh, name, text.at, text.size);
    arena_fini(&arena);
    return flow;
}
