/* SPDX-License-Identifier: MIT
 * Statements (run.h). Scratch is released after each one: what must stay is in a variable. */
#include "expand/expand.h"
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

void report(struct shell *sh)
{
    dprintf(2, "ion: %s\n", sh->error);
    if (sh->error_program) dprintf(2, "  at %s:%u:%u\n", sh->error_program, sh->error_place.line, sh->error_place.column);
    free(sh->error_program);
    sh->error_program = nullptr;
    sh->status = 1;
}

bool enter(struct shell *sh)
{
    if (sh->depth == RUN_DEPTH_MAX) return fail(sh, "nested more than %d deep", RUN_DEPTH_MAX);
    sh->depth++;
    return true;
}

void leave(struct shell *sh)
{
    sh->depth--;
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

static enum flow run_if(struct shell *sh, const struct stmt *stmt)
{
    for (const struct branch *branch = stmt->branches; branch; branch = branch->next) {
        enum flow flow = run_body(sh, branch->condition);
        if (flow != FLOW_ON) return flow;
        if (sh->status == 0) return run_body(sh, branch->body);
    }
    return run_body(sh, stmt->body);
}

static enum flow run_while(struct shell *sh, const struct stmt *stmt)
{
    for (;;) {
        enum flow flow = run_body(sh, stmt->branches->condition);
        if (flow != FLOW_ON || sh->status != 0) return flow;
        flow = run_body(sh, stmt->branches->body);
        /* Where nothing is executed no condition ever becomes false. */
        if (flow == FLOW_BREAK || (flow == FLOW_ON && sh->no_execute)) return FLOW_ON;
        if (flow != FLOW_ON && flow != FLOW_CONTINUE) return flow;
    }
}

static void set_loop_variable(struct shell *sh, const char *name, const char *text)
{
    if (strcmp(name, "_")) scope_set(sh->scope, name, value_string(text));
}

static enum flow run_range(struct shell *sh, const struct stmt *stmt, const struct range *range)
{
    for (unsigned long i = 0; i < range->count; i++) {
        struct arena_mark mark = arena_mark(&sh->scratch);
        set_loop_variable(sh, stmt->names.at[0], range_at(&sh->scratch, range, i));
        arena_release(&sh->scratch, mark);
        enum flow flow = run_body(sh, stmt->body);
        if (flow == FLOW_BREAK) return FLOW_ON;
        if (flow != FLOW_ON && flow != FLOW_CONTINUE) return flow;
    }
    return FLOW_ON;
}

static enum flow run_for(struct shell *sh, const struct stmt *stmt)
{
    struct list all = list_make(&sh->scratch);
    struct range range;
    if (!expand_words(sh, &stmt->words, &all)) return FLOW_ERROR;
    if (!stmt->names.count) return fail(sh, "syntax error: no value supplied for iteration in for loop"), FLOW_ERROR;
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

static bool matches_any(struct shell *sh, const char *value, const struct list *patterns)
{
    for (size_t i = 0; i < patterns->count; i++) {
        regex_t regex;
        if (!strcmp(patterns->at[i], "_") || !strcmp(patterns->at[i], value)) return true;
        if (regcomp(&regex, arena_print(&sh->scratch, "^(%s)$", patterns->at[i]), REG_EXTENDED | REG_NOSUB)) continue;
        bool matched = !regexec(&regex, value, 0, nullptr, 0);
        regfree(&regex);
        if (matched) return true;
    }
    return false;
}

static bool case_matches(struct shell *sh, const struct branch *branch, const struct list *values, bool *out_matches)
{
    struct list patterns = list_make(&sh->scratch);
    if (!expand_words(sh, &branch->words, &patterns)) return false;
    *out_matches = true;
    for (size_t i = 0; i < values->count && branch->words.count; i++)
        *out_matches = *out_matches && matches_any(sh, values->at[i], &patterns);
    return true;
}

static enum flow run_case(struct shell *sh, const struct branch *branch, bool *out_taken)
{
    *out_taken = false;
    if (branch->condition) {
        enum flow flow = run_list(sh, branch->condition);
        if (flow != FLOW_ON || sh->status != 0) return flow;
    }
    *out_taken = true;
    return run_list(sh, branch->body);
}

static enum flow run_match(struct shell *sh, const struct stmt *stmt)
{
    struct list words = list_make(&sh->scratch), values = list_make(&sh->scratch);
    split_words(stmt->text, &words);
    if (!expand_words(sh, &words, &values)) return FLOW_ERROR;
    for (const struct branch *branch = stmt->branches; branch; branch = branch->next) {
        bool matches, taken;
        if (!case_matches(sh, branch, &values, &matches)) return FLOW_ERROR;
        if (!matches) continue;
        struct scope inner = {.outer = sh->scope}, *outer = sh->scope;
        sh->scope = &inner;
        if (branch->bind) {
            struct value *bound = *stmt->text == '[' ? value_make(VALUE_ARRAY) : value_string(list_join(&values, " "));
            for (size_t i = 0; bound->kind == VALUE_ARRAY && i < values.count; i++) value_insert(bound, i, value_string(values.at[i]));
            scope_set_here(&inner, branch->bind, bound);
        }
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

static bool bind_arguments(struct shell *sh, const struct stmt *definition, const struct list *raw, struct scope *locals)
{
    size_t i = 1;
    for (const struct parameter *parameter = definition->parameters; parameter; parameter = parameter->next, i++) {
        char *why;
        if (i == raw->count) return fail(sh, "function error: invalid number of arguments supplied");
        struct value *value = value_typed(sh, parameter->type, raw->at[i], &why);
        if (!value && !why) return false;
        if (!value) return fail(sh, "function error: argument has invalid type: expected %s, found value '%s'", parameter->type, raw->at[i]);
        scope_set_here(locals, parameter->name, value);
    }
    return i == raw->count || fail(sh, "function error: invalid number of arguments supplied");
}

bool function_call(struct shell *sh, struct function *function, const struct list *raw)
{
    struct scope locals = {.outer = function->scope, .boundary = true}, *caller = sh->scope;
    enum flow flow = FLOW_ERROR;
    function_get(function);
    if (bind_arguments(sh, function->definition, raw, &locals)) {
        sh->scope = &locals;
        flow = run_list(sh, function->definition->body);
        sh->scope = caller;
    }
    scope_fini(&locals);
    function_put(function);
    return flow != FLOW_ERROR;
}

static enum flow run_return(struct shell *sh, const struct stmt *stmt)
{
    char *text, *end;
    if (!*stmt->text) return FLOW_RETURN;
    if (!expand_string(sh, stmt->text, &text)) return FLOW_ERROR;
    long status = strtol(text, &end, 10);
    if (*text && !*end && status == (int)status) sh->status = (int)status;
    return FLOW_RETURN;
}

static enum flow run_time(struct shell *sh, const struct stmt *stmt)
{
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    enum flow flow = run_list(sh, stmt->body);
    clock_gettime(CLOCK_MONOTONIC, &to);
    long nanoseconds = (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec, seconds = nanoseconds / 1000000000;
    if (seconds < 60) dprintf(1, "real    %ld.%09lds\n", seconds, nanoseconds % 1000000000);
    else dprintf(1, "real    %ldm%ld.%09lds\n", seconds / 60, seconds % 60, nanoseconds % 1000000000);
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
    enum flow flow = run_list(sh, stmt->body);
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
    case STMT_LET: return simple(sh, run_let(sh, stmt->text, false));
    case STMT_EXPORT: return simple(sh, run_let(sh, stmt->text, true));
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
    if (sh->interrupted) return fail(sh, "interrupted"), FLOW_ERROR;
    if (!enter(sh)) return FLOW_ERROR;
    struct arena_mark mark = arena_mark(&sh->scratch);
    enum flow flow = run_kind(sh, stmt);
    arena_release(&sh->scratch, mark);
    leave(sh);
    if (flow == FLOW_ERROR && !sh->error_program) {
        sh->error_place = stmt->place;
        sh->error_program = heap_copy(stmt->program->name);
    }
    return flow;
}

enum flow run_list(struct shell *sh, const struct stmt *stmt)
{
    enum flow flow = FLOW_ON;
    for (; stmt && flow == FLOW_ON; stmt = stmt->next) {
        flow = run_statement(sh, stmt);
        bool last = !stmt->next || stmt->next->join == JOIN_ALWAYS;
        if (flow == FLOW_ON && sh->exit_on_error && sh->status && last && stmt->kind == STMT_PIPELINE && stmt->join == JOIN_ALWAYS && sh->depth == 0)
            return fail(sh, "pipeline execution error: early exit: pipeline failed with error code %d", sh->status), FLOW_ERROR;
    }
    return flow;
}

enum flow run_text(struct shell *sh, const char *name, const char *text, size_t size)
{
    struct program *program = program_make(name);
    struct parser parser;
    struct stmt *stmt = nullptr;
    enum flow flow = FLOW_ON;
    parser_init(&parser, program, text, size);
    while (flow == FLOW_ON || flow == FLOW_RETURN) {
        if (!parser_next(&parser, &stmt)) {
            fail(sh, "%s", parser.error);
            if (!sh->error_program) sh->error_place = parser.place, sh->error_program = heap_copy(name);
            flow = FLOW_ERROR;
        }
        if (!stmt || flow == FLOW_ERROR) break;
        flow = run_list(sh, stmt);
    }
    program_put(program);
    return flow == FLOW_RETURN ? FLOW_ON : flow;
}
