/* SPDX-License-Identifier: MIT
 * Aliases: the first word of a pipeline's item that names one becomes the statements of its text. What the alias says is not
 * expanded again, so an alias may use its own name. */
#include "expand/expand.h"
#include <string.h>

static const struct value *alias_of(struct shell *sh, const struct item *item)
{
    const struct value *value = scope_find_hashed(sh->scope, item->words.at[0].raw, item->hash);
    return value && value->kind == VALUE_ALIAS ? value : nullptr;
}

static bool not_possible(struct shell *sh, const struct item *item, const struct value *alias)
{
    return fail(sh, "pipeline execution error: unable to pipe outputs of alias: '%s = %s'", item->words.at[0].raw, alias->text);
}

/* The arguments after the name go to the end of the first command. */
static void append_arguments(struct shell *sh, struct item *to, const struct item *from)
{
    size_t more = from->words.count - 1;
    if (!more) return;
    struct word *words = arena_alloc(&sh->scratch, (to->words.count + more) * sizeof *words);
    memcpy(words, to->words.at, to->words.count * sizeof *words);
    memcpy(words + to->words.count, from->words.at + 1, more * sizeof *words);
    to->words = (struct words){words, to->words.count + more};
}

static struct item *last_of(struct item *item)
{
    while (item->next) item = item->next;
    return item;
}

/* What stands behind the name: redirections and the pipe, to the last command of the alias. */
static void append_rest(struct item *last, const struct item *from)
{
    struct redirect **tail = &last->redirects;
    while (*tail) tail = &(*tail)->next;
    *tail = from->redirects;
    last->pipe = from->pipe;
    last->next = from->next;
}

/* Puts the alias of `item` into the pipeline that `link` is in; statements before its last one run when they are reached. */
static bool splice(struct shell *sh, struct program *program, struct item **link, bool *out_is_list, struct stmt **out_first)
{
    struct item *item = *link;
    const struct value *alias = alias_of(sh, item);
    struct stmt *first = parse_all(program, alias->text, alias->size, nullptr), *last = first;
    if (!first) return not_possible(sh, item, alias);
    for (struct stmt *s = first; s; s = s->next) {
        if (s->kind == STMT_NOTHING && s == first && !s->next) return not_possible(sh, item, alias);
        if (s->kind != STMT_PIPELINE && (s == first || !s->next)) return not_possible(sh, item, alias);
        last = s;
    }
    append_arguments(sh, first->pipeline->items, item);
    append_rest(last_of(last->pipeline->items), item);
    *out_is_list = first != last;
    *out_first = first;
    *link = first->pipeline->items;
    return true;
}

static struct pipeline *copy_pipeline(struct shell *sh, const struct pipeline *from)
{
    struct pipeline *copy = arena_alloc(&sh->scratch, sizeof *copy);
    *copy = *from;
    struct item **tail = &copy->items;
    for (const struct item *item = from->items; item; item = item->next, tail = &(*tail)->next) {
        *tail = arena_alloc(&sh->scratch, sizeof **tail);
        **tail = *item;
    }
    return copy;
}

/* The alias of several statements: the user's pipeline goes on from its last one. */
static bool run_list_alias(struct shell *sh, struct pipeline *pipeline, struct stmt *first)
{
    struct stmt *last = first;
    while (last->next) last = last->next;
    last->pipeline->background = pipeline->background;
    last->pipeline->disowned = pipeline->disowned;
    return run_list(sh, first) != FLOW_ERROR;
}

bool run_aliases(struct shell *sh, const struct pipeline *pipeline, const struct pipeline **out_pipeline)
{
    bool any = false, is_list = false, good = true;
    for (const struct item *item = pipeline->items; item; item = item->next) any = any || alias_of(sh, item);
    *out_pipeline = pipeline;
    if (!any) return true;
    struct pipeline *copy = copy_pipeline(sh, pipeline);
    struct program *program = program_make("alias");
    struct stmt *first = nullptr;
    for (struct item **link = &copy->items; *link && good && !is_list;) {
        struct item *rest = (*link)->next;
        if (alias_of(sh, *link)) {
            good = splice(sh, program, link, &is_list, &first);
            if (good && is_list && link != &copy->items) good = not_possible(sh, *link, alias_of(sh, pipeline->items));
        }
        while (good && *link && *link != rest) link = &(*link)->next;
    }
    *out_pipeline = is_list ? nullptr : copy;
    if (good && is_list) {
        sh->aliases++;
        good = run_list_alias(sh, copy, first);
        sh->aliases--;
    } else if (good) {
        sh->aliases++;
        good = run_pipeline(sh, copy);
        sh->aliases--;
        *out_pipeline = nullptr;
    }
    program_put(program);
    return good;
}
