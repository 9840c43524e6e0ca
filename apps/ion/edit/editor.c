/* SPDX-License-Identifier: MIT
 * The editor's heart (editor.h): which part a key goes to, the kill ring, walking through history, suggestions, accepting. */
#include "edit/editor.h"
#include "edit/width.h"
#include "value/mem.h"
#include <stdlib.h>
#include <string.h>

enum { INDENT = 4, RUN_TYPING = 1 };

void editor_init(struct editor *e, struct history *history, bool (*is_complete)(void *, const char *, size_t), void *context)
{
    *e = (struct editor){.history = history, .is_complete = is_complete, .context = context};
    line_init(&e->line);
    lex(&e->lexed, "", 0);
}

void editor_walk_end(struct editor *e)
{
    free(e->found);
    free(e->live);
    e->found = nullptr, e->live = nullptr;
    e->found_count = e->found_at = 0;
}

void editor_fini(struct editor *e)
{
    editor_walk_end(e);
    menu_close(e);
    for (size_t i = 0; i < e->kill_count; i++) free(e->kills[i]);
    free(e->suggestion);
    editor_forget_bindings(e);
    line_fini(&e->line);
    lexed_fini(&e->lexed);
    *e = (struct editor){};
}

void editor_begin(struct editor *e)
{
    editor_walk_end(e);
    menu_close(e);
    line_reset(&e->line);
    e->searching = e->literal = false;
    e->last = nullptr;
    e->vi = (struct vi){.last_size = e->vi.last_size, .find_key = e->vi.find_key, .find_character = e->vi.find_character};
    if (e->mode != MODE_EMACS) e->mode = MODE_VI_INSERT;
    editor_changed(e);
}

static void suggest_from_history(struct editor *e)
{
    free(e->suggestion);
    e->suggestion = nullptr;
    if (!e->line.size || !e->history) return;
    size_t i = history_find_back(e->history, SIZE_MAX, e->line.text, e->line.size, HISTORY_PREFIX, e->line.text);
    if (i < e->history->count) e->suggestion = heap_copy(e->history->entries[i].text);
}

/* The text is another: colours and suggestion follow. */
void editor_changed(struct editor *e)
{
    lex(&e->lexed, e->line.text, e->line.size);
    suggest_from_history(e);
    /* What was selected is not there any more. */
    if (e->mode == MODE_VI_VISUAL) e->mode = MODE_VI_NORMAL;
}

void editor_suggest(struct editor *e, const char *text)
{
    if (e->suggestion || !text || strncmp(text, e->line.text, e->line.size) || !text[e->line.size]) return;
    e->suggestion = heap_copy(text);
}

void editor_replace(struct editor *e, const char *text)
{
    line_set(&e->line, text, strlen(text));
    editor_walk_end(e);
    editor_changed(e);
}

bool editor_take_suggestion(struct editor *e, bool word)
{
    if (!e->suggestion || e->line.cursor != e->line.size) return false;
    const char *rest = e->suggestion + e->line.size;
    size_t size = strlen(rest), take = size;
    if (word) {
        take = 0;
        while (take < size && strchr(" \t\n", rest[take])) take++;
        while (take < size && !strchr(" \t\n/", rest[take])) take++;
        if (take < size && rest[take] == '/') take++;
    }
    char *copy = heap_copy(rest);
    line_remember(&e->line, 0);
    line_insert(&e->line, copy, take);
    free(copy);
    return true;
}

void editor_put_kill(struct editor *e, const char *text, size_t size)
{
    if (e->kill_count == KILLS_MAX) {
        free(e->kills[0]);
        memmove(e->kills, e->kills + 1, (KILLS_MAX - 1) * sizeof *e->kills);
        e->kill_count--;
    }
    char *copy = heap_alloc(size + 1);
    memcpy(copy, text, size);
    copy[size] = 0;
    e->kills[e->kill_count++] = copy;
    e->kill_at = e->kill_count - 1;
}

/* Kills one after the other become one; `before`: it stood before what was killed last. */
void editor_kill(struct editor *e, size_t from, size_t to, bool before)
{
    if (from >= to) return;
    line_remember(&e->line, 0);
    const char *help = e->last ? e->last->help : "";
    if (e->kill_count && e->current && !strncmp(help, "delete to", 9)) {
        char *old = e->kills[e->kill_count - 1];
        size_t was = strlen(old), more = to - from;
        char *joined = heap_alloc(was + more + 1);
        memcpy(joined + (before ? more : 0), old, was);
        memcpy(joined + (before ? 0 : was), e->line.text + from, more);
        joined[was + more] = 0;
        free(old);
        e->kills[e->kill_count - 1] = joined;
        e->kill_at = e->kill_count - 1;
    } else {
        editor_put_kill(e, e->line.text + from, to - from);
    }
    line_remove(&e->line, from, to);
}

static void begin_walk(struct editor *e)
{
    const struct history *h = e->history;
    e->live = heap_copy(e->line.text);
    e->found = heap_alloc((h->count + 1) * sizeof *e->found);
    e->found_count = e->found_at = 0;
    for (size_t i = h->count; (i = history_find_back(h, i, e->live, e->line.size, HISTORY_PREFIX, e->live)) < h->count;)
        e->found[e->found_count++] = i;
    for (size_t i = h->count; e->line.size && (i = history_find_back(h, i, e->live, e->line.size, HISTORY_ANYWHERE, e->live)) < h->count;)
        if (strncmp(h->entries[i].text, e->live, e->line.size)) e->found[e->found_count++] = i;
}

static void show_walked(struct editor *e)
{
    const char *text = e->found_at ? e->history->entries[e->found[e->found_at - 1]].text : e->live;
    line_set(&e->line, text, strlen(text));
    editor_changed(e);
    free(e->suggestion);
    e->suggestion = nullptr;
}

bool editor_walk_back(struct editor *e)
{
    if (!e->history) return false;
    if (!e->found) begin_walk(e);
    if (e->found_at == e->found_count) return false;
    e->found_at++;
    show_walked(e);
    return true;
}

bool editor_walk_on(struct editor *e)
{
    if (!e->found || !e->found_at) return false;
    e->found_at--;
    show_walked(e);
    return true;
}

/* `end`, `else` and `case` stand where their block began. */
static void dedent_row(struct editor *e)
{
    size_t start = line_row_start(&e->line, e->line.cursor), text = line_row_text(&e->line, e->line.cursor);
    size_t end = text;
    while (end < e->line.size && character_class(e->line.text[end]) == 2) end++;
    size_t size = end - text;
    const char *word = e->line.text + text;
    bool closes = (size == 3 && !memcmp(word, "end", 3)) || (size == 4 && (!memcmp(word, "else", 4) || !memcmp(word, "case", 4)));
    if (!closes || !start) return;
    struct lexed before = {};
    lex(&before, e->line.text, start);
    size_t wanted = before.blocks ? (before.blocks - 1) * INDENT : 0, have = text - start, cursor = e->line.cursor;
    lexed_fini(&before);
    if (have <= wanted || cursor < text) return;
    line_remove(&e->line, start, start + have - wanted);
    e->line.cursor = cursor - (have - wanted);
}

void editor_newline(struct editor *e)
{
    line_remember(&e->line, 0);
    dedent_row(e);
    struct lexed before = {};
    lex(&before, e->line.text, e->line.cursor);
    size_t indent = before.quote ? 0 : before.blocks * INDENT;
    lexed_fini(&before);
    line_insert(&e->line, "\n", 1);
    for (; indent; indent--) line_insert(&e->line, " ", 1);
}

enum editor_event editor_accept(struct editor *e)
{
    if (!e->is_complete(e->context, e->line.text, e->line.size)) {
        editor_newline(e);
        return EVENT_NONE;
    }
    if (memchr(e->line.text, '\n', e->line.size)) dedent_row(e);
    e->line.cursor = e->line.size;
    free(e->suggestion);
    e->suggestion = nullptr;
    return EVENT_RUN;
}

static void insert_character(struct editor *e, uint32_t character)
{
    char bytes[4];
    size_t size = utf8_encode(character, bytes);
    line_remember(&e->line, RUN_TYPING);
    line_insert(&e->line, bytes, size);
    /* A word is undone at a time. */
    if (character == ' ') e->line.run = 0;
}

enum editor_event editor_act(struct editor *e, const struct binding *binding)
{
    e->current = binding->action;
    e->argument = binding->argument;
    enum editor_event event = e->current->act(e);
    e->line.run = 0;
    e->last = e->current;
    return event;
}

/* The command's word that ends at the cursor, when it is short for something. */
static void expand_abbreviation(struct editor *e)
{
    for (size_t i = 0; e->abbreviation && i < e->lexed.word_count; i++) {
        const struct lex_word *word = &e->lexed.words[i];
        if (word->role != ROLE_COMMAND || word->end != e->line.cursor || word->end == word->start) continue;
        const char *text = e->abbreviation(e->context, e->line.text + word->start, word->end - word->start);
        if (!text) return;
        line_remember(&e->line, 0);
        line_remove(&e->line, word->start, word->end);
        line_insert(&e->line, text, strlen(text));
        return;
    }
}

static bool ends_word(const struct press *key)
{
    bool types = key->code == KEY_CHARACTER && !key->mods && key->character && key->character < 0x80;
    return (key->code == KEY_ENTER && !key->mods) || (types && strchr(" ;|&)", (int)key->character));
}

enum editor_event editor_plain_key(struct editor *e, const struct press *key)
{
    const struct binding *binding = e->literal ? nullptr : binding_find(key);
    if (!e->literal && ends_word(key)) expand_abbreviation(e);
    if (binding) return editor_act(e, binding);
    if (e->literal) {
        e->literal = false;
        uint32_t c = key->code == KEY_TAB ? '\t' : key->code == KEY_ENTER ? '\n' : key->character;
        if (key->code == KEY_CHARACTER && key->mods & MOD_CTRL) c &= 0x1f;
        if (c) insert_character(e, c);
    } else if (key->code == KEY_PASTE) {
        line_remember(&e->line, 0);
        line_insert(&e->line, key->paste, key->paste_size);
    } else if (key->code == KEY_CHARACTER && !(key->mods & (MOD_CTRL | MOD_ALT))) {
        insert_character(e, key->character);
    }
    e->last = e->current = nullptr;
    return EVENT_NONE;
}

enum editor_event editor_key(struct editor *e, const struct press *key)
{
    unsigned version = e->line.version;
    size_t walked = e->found_at;
    enum editor_event event;
    if (key->code == KEY_CURSOR_AT) return EVENT_NONE;
    const struct binding *own = e->literal ? nullptr : binding_of_user(e, key);
    if (e->searching) event = search_key(e, key);
    else if (e->menu.count && menu_key(e, key)) event = EVENT_NONE;
    else if (own) event = editor_act(e, own);
    else if (e->mode != MODE_EMACS) event = vi_key(e, key);
    else event = editor_plain_key(e, key);
    if (version == e->line.version || e->found_at != walked) return event;
    editor_walk_end(e);
    editor_changed(e);
    return event;
}
