/* SPDX-License-Identifier: MIT
 * The keys of the emacs mode and what they do; vi's insert mode has them too. The table is also what `keybindings` prints. */
#include "edit/editor.h"
#include "edit/width.h"
#include "value/mem.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef enum editor_event event;

static event row_start(struct editor *e)
{
    e->line.cursor = line_row_start(&e->line, e->line.cursor);
    return EVENT_NONE;
}

static event row_end(struct editor *e)
{
    if (!editor_take_suggestion(e, false)) e->line.cursor = line_row_end(&e->line, e->line.cursor);
    return EVENT_NONE;
}

static event left(struct editor *e)
{
    e->line.cursor = line_left(&e->line, e->line.cursor);
    return EVENT_NONE;
}

static event right(struct editor *e)
{
    if (!editor_take_suggestion(e, false)) e->line.cursor = line_right(&e->line, e->line.cursor);
    return EVENT_NONE;
}

static event word_left(struct editor *e)
{
    e->line.cursor = line_word_left(&e->line, e->line.cursor);
    return EVENT_NONE;
}

static event word_right(struct editor *e)
{
    if (!editor_take_suggestion(e, true)) e->line.cursor = line_word_right(&e->line, e->line.cursor);
    return EVENT_NONE;
}

static event up(struct editor *e)
{
    size_t to = line_up(&e->line, e->line.cursor);
    if (to != e->line.cursor && !e->found_at) e->line.cursor = to;
    else editor_walk_back(e);
    return EVENT_NONE;
}

static event down(struct editor *e)
{
    size_t to = line_down(&e->line, e->line.cursor);
    if (to != e->line.cursor && !e->found_at) e->line.cursor = to;
    else editor_walk_on(e);
    return EVENT_NONE;
}

static event older(struct editor *e)
{
    editor_walk_back(e);
    return EVENT_NONE;
}

static event newer(struct editor *e)
{
    editor_walk_on(e);
    return EVENT_NONE;
}

static event oldest(struct editor *e)
{
    while (editor_walk_back(e)) {}
    return EVENT_NONE;
}

static event newest(struct editor *e)
{
    while (editor_walk_on(e)) {}
    return EVENT_NONE;
}

static event delete_right(struct editor *e)
{
    if (!e->line.size) return EVENT_END;
    size_t to = line_right(&e->line, e->line.cursor);
    if (to == e->line.cursor) return EVENT_NONE;
    line_remember(&e->line, 0);
    line_remove(&e->line, e->line.cursor, to);
    return EVENT_NONE;
}

static event delete_key(struct editor *e)
{
    return e->line.size ? delete_right(e) : EVENT_NONE;
}

static event delete_left(struct editor *e)
{
    if (!e->line.cursor) return EVENT_NONE;
    line_remember(&e->line, 2);
    line_remove(&e->line, line_left(&e->line, e->line.cursor), e->line.cursor);
    return EVENT_NONE;
}

static event delete_to_end(struct editor *e)
{
    size_t end = line_row_end(&e->line, e->line.cursor);
    if (end == e->line.cursor && end < e->line.size) end++;
    editor_kill(e, e->line.cursor, end, false);
    return EVENT_NONE;
}

static event delete_to_start(struct editor *e)
{
    size_t start = line_row_start(&e->line, e->line.cursor);
    if (start == e->line.cursor && start) start--;
    editor_kill(e, start, e->line.cursor, true);
    return EVENT_NONE;
}

static event delete_blank_word(struct editor *e)
{
    editor_kill(e, line_blank_word_left(&e->line, e->line.cursor), e->line.cursor, true);
    return EVENT_NONE;
}

static event delete_word_left(struct editor *e)
{
    editor_kill(e, line_word_left(&e->line, e->line.cursor), e->line.cursor, true);
    return EVENT_NONE;
}

static event delete_word_right(struct editor *e)
{
    editor_kill(e, e->line.cursor, line_word_right(&e->line, e->line.cursor), false);
    return EVENT_NONE;
}

static event yank(struct editor *e)
{
    if (!e->kill_count) return EVENT_NONE;
    line_remember(&e->line, 0);
    e->kill_at = e->kill_count - 1;
    e->yank_start = e->line.cursor;
    line_insert(&e->line, e->kills[e->kill_at], strlen(e->kills[e->kill_at]));
    return EVENT_NONE;
}

static event yank_older(struct editor *e)
{
    if (!e->kill_count || !e->last || (e->last->act != yank && e->last->act != yank_older)) return EVENT_NONE;
    line_remember(&e->line, 0);
    e->kill_at = (e->kill_at + e->kill_count - 1) % e->kill_count;
    line_remove(&e->line, e->yank_start, e->line.cursor);
    line_insert(&e->line, e->kills[e->kill_at], strlen(e->kills[e->kill_at]));
    return EVENT_NONE;
}

static event transpose(struct editor *e)
{
    struct line *l = &e->line;
    size_t at = l->cursor == l->size || l->text[l->cursor] == '\n' ? line_left(l, l->cursor) : l->cursor;
    size_t before = line_left(l, at), after = line_right(l, at);
    if (before == at || l->text[before] == '\n' || at == after) return EVENT_NONE;
    char *moved = heap_alloc(at - before + 1);
    memcpy(moved, l->text + before, at - before);
    line_remember(l, 0);
    line_remove(l, before, at);
    l->cursor = before + after - at;
    line_insert(l, moved, at - before);
    free(moved);
    return EVENT_NONE;
}

static event transpose_words(struct editor *e)
{
    struct line *l = &e->line;
    size_t end = line_word_right(l, l->cursor), start = line_word_left(l, end);
    size_t first = line_word_left(l, start), first_end = line_word_right(l, first);
    if (first_end > start || first == start) return EVENT_NONE;
    char *text = heap_alloc(end - first + 1), *at = text;
    size_t sizes[] = {end - start, start - first_end, first_end - first};
    size_t starts[] = {start, first_end, first};
    for (int i = 0; i < 3; i++) memcpy(at, l->text + starts[i], sizes[i]), at += sizes[i];
    line_remember(l, 0);
    line_remove(l, first, end);
    line_insert(l, text, end - first);
    free(text);
    return EVENT_NONE;
}

/* ASCII letters only: others may change their size with their case. */
static event change_case(struct editor *e, int first, int rest)
{
    struct line *l = &e->line;
    size_t end = line_word_right(l, l->cursor);
    bool inside = false;
    line_remember(l, 0);
    for (size_t i = l->cursor; i < end; i++) {
        int how = inside ? rest : first;
        if (character_class(l->text[i]) != 2) continue;
        l->text[i] = (char)(how == 'u' ? toupper((unsigned char)l->text[i]) : tolower((unsigned char)l->text[i]));
        inside = true;
    }
    l->cursor = end;
    l->version++;
    return EVENT_NONE;
}

static event upper_case(struct editor *e) { return change_case(e, 'u', 'u'); }
static event lower_case(struct editor *e) { return change_case(e, 'l', 'l'); }
static event capital(struct editor *e) { return change_case(e, 'u', 'l'); }

static event undo(struct editor *e)
{
    line_undo(&e->line);
    return EVENT_NONE;
}

static event redo(struct editor *e)
{
    line_redo(&e->line);
    return EVENT_NONE;
}

static event revert(struct editor *e)
{
    while (line_undo(&e->line)) {}
    return EVENT_NONE;
}

/* The last word of an entry, in the lexer's sense. */
static char *last_argument(const char *text)
{
    struct lexed words = {};
    char *found = nullptr;
    lex(&words, text, strlen(text));
    for (size_t i = words.word_count; i-- && !found;) {
        const struct lex_word *word = &words.words[i];
        if (word->depth || word->end == word->start) continue;
        found = heap_alloc(word->end - word->start + 1);
        memcpy(found, text + word->start, word->end - word->start);
        found[word->end - word->start] = 0;
    }
    lexed_fini(&words);
    return found;
}

static event insert_argument(struct editor *e)
{
    const struct history *h = e->history;
    bool again = e->last && e->last->act == insert_argument;
    if (!h || !h->count) return EVENT_NONE;
    if (!again) e->argument_entry = h->count, e->argument_start = e->line.cursor;
    if (!e->argument_entry) return EVENT_NONE;
    char *word = last_argument(h->entries[--e->argument_entry].text);
    if (!word) return EVENT_NONE;
    line_remember(&e->line, again ? 3 : 0);
    if (again) line_remove(&e->line, e->argument_start, e->line.cursor);
    line_insert(&e->line, word, strlen(word));
    free(word);
    return EVENT_NONE;
}

static event search_back(struct editor *e)
{
    search_begin(e, true);
    return EVENT_NONE;
}

static event search_on(struct editor *e)
{
    search_begin(e, false);
    return EVENT_NONE;
}

static event newline(struct editor *e)
{
    editor_newline(e);
    return EVENT_NONE;
}

static event next_literal(struct editor *e)
{
    e->literal = true;
    return EVENT_NONE;
}

/* In the blanks that a row begins with, Tab is for the indentation. */
static event complete(struct editor *e)
{
    size_t start = line_row_start(&e->line, e->line.cursor);
    if (start && line_row_text(&e->line, start) >= e->line.cursor && e->line.cursor == line_row_end(&e->line, start)) {
        line_remember(&e->line, 0);
        line_insert(&e->line, "    ", 4);
        return EVENT_NONE;
    }
    return EVENT_COMPLETE;
}

static event clear(struct editor *) { return EVENT_CLEAR; }
static event abandon(struct editor *) { return EVENT_ABANDON; }
static event external(struct editor *) { return EVENT_EXTERNAL; }

/* The places of actions in their table. */
enum {
    DO_ROW_START, DO_ROW_END, DO_LEFT, DO_RIGHT, DO_WORD_LEFT, DO_WORD_RIGHT, DO_UP, DO_DOWN, DO_OLDER, DO_NEWER, DO_OLDEST,
    DO_NEWEST, DO_DELETE_RIGHT, DO_DELETE_KEY, DO_DELETE_LEFT, DO_DELETE_TO_END, DO_DELETE_TO_START, DO_DELETE_BLANK_WORD,
    DO_DELETE_WORD_LEFT, DO_DELETE_WORD_RIGHT, DO_YANK, DO_YANK_OLDER, DO_TRANSPOSE, DO_TRANSPOSE_WORDS, DO_UPPER_CASE,
    DO_LOWER_CASE, DO_CAPITAL, DO_UNDO, DO_REDO, DO_REVERT, DO_INSERT_ARGUMENT, DO_SEARCH_BACK, DO_SEARCH_ON, DO_COMPLETE,
    DO_ACCEPT, DO_NEWLINE, DO_NEXT_LITERAL, DO_CLEAR, DO_ABANDON, DO_EXTERNAL, DO_NOTHING, DO_INSERT, DO_RUN,
};

static event nothing(struct editor *) { return EVENT_NONE; }

static event insert(struct editor *e)
{
    line_remember(&e->line, 0);
    line_insert(&e->line, e->argument, strlen(e->argument));
    return EVENT_NONE;
}

static event run(struct editor *) { return EVENT_COMMAND; }

/* `delete to` in a help text marks what goes to the kill ring and joins with what went there just before. */
const struct action ACTIONS[] = {
    [DO_ROW_START] = {"row-start", row_start, "to the start of the row"},
    [DO_ROW_END] = {"row-end", row_end, "to the end of the row, or take the suggestion"},
    [DO_LEFT] = {"left", left, "left"},
    [DO_RIGHT] = {"right", right, "right, or take the suggestion"},
    [DO_WORD_LEFT] = {"word-left", word_left, "a word left"},
    [DO_WORD_RIGHT] = {"word-right", word_right, "a word right, or take a word of the suggestion"},
    [DO_UP] = {"up", up, "a row up, or the entry before that has this text"},
    [DO_DOWN] = {"down", down, "a row down, or the entry after"},
    [DO_OLDER] = {"history-back", older, "the entry before that has this text"},
    [DO_NEWER] = {"history-on", newer, "the entry after"},
    [DO_OLDEST] = {"history-oldest", oldest, "the oldest entry"},
    [DO_NEWEST] = {"history-newest", newest, "back to the line itself"},
    [DO_DELETE_RIGHT] = {"delete-or-end", delete_right, "delete the character under the cursor; on an empty line: end of the shell"},
    [DO_DELETE_KEY] = {"delete-here", delete_key, "delete the character under the cursor"},
    [DO_DELETE_LEFT] = {"delete-back", delete_left, "delete the character before the cursor"},
    [DO_DELETE_TO_END] = {"delete-to-end", delete_to_end, "delete to the end of the row"},
    [DO_DELETE_TO_START] = {"delete-to-start", delete_to_start, "delete to the start of the row"},
    [DO_DELETE_BLANK_WORD] = {"delete-blank-word-left", delete_blank_word, "delete to the blank before"},
    [DO_DELETE_WORD_LEFT] = {"delete-word-left", delete_word_left, "delete to the start of the word"},
    [DO_DELETE_WORD_RIGHT] = {"delete-word-right", delete_word_right, "delete to the end of the word"},
    [DO_YANK] = {"yank", yank, "insert what was deleted last"},
    [DO_YANK_OLDER] = {"yank-older", yank_older, "after that: what was deleted before it"},
    [DO_TRANSPOSE] = {"transpose", transpose, "exchange two characters"},
    [DO_TRANSPOSE_WORDS] = {"transpose-words", transpose_words, "exchange two words"},
    [DO_UPPER_CASE] = {"upper-case", upper_case, "the word in capitals"},
    [DO_LOWER_CASE] = {"lower-case", lower_case, "the word in small letters"},
    [DO_CAPITAL] = {"capital", capital, "a capital first"},
    [DO_UNDO] = {"undo", undo, "undo"},
    [DO_REDO] = {"redo", redo, "redo"},
    [DO_REVERT] = {"revert", revert, "undo everything"},
    [DO_INSERT_ARGUMENT] = {"last-argument", insert_argument, "the last argument of the entry before; again: of older ones"},
    [DO_SEARCH_BACK] = {"search-back", search_back, "search the history"},
    [DO_SEARCH_ON] = {"search-on", search_on, "search the history, from the oldest on"},
    [DO_COMPLETE] = {"complete", complete, "complete"},
    [DO_ACCEPT] = {"accept", editor_accept, "run, or the next row of a block that is open"},
    [DO_NEWLINE] = {"newline", newline, "the next row, whatever stands here"},
    [DO_NEXT_LITERAL] = {"literal", next_literal, "the next key goes in as it is"},
    [DO_CLEAR] = {"clear-screen", clear, "clear the screen"},
    [DO_ABANDON] = {"abandon", abandon, "abandon the line"},
    [DO_EXTERNAL] = {"edit-outside", external, "edit the line in $EDITOR"},
    [DO_NOTHING] = {"nothing", nothing, "nothing at all"},
    [DO_INSERT] = {"insert", insert, "insert the text that follows"},
    [DO_RUN] = {"run", run, "run the command that follows; LINE is what is being typed, and may be set"},
    {},
};

#define CTRL(c) KEY_CHARACTER, MOD_CTRL, c
#define ALT(c) KEY_CHARACTER, MOD_ALT, c
#define DOES(what) &ACTIONS[DO_##what], nullptr
const struct binding BINDINGS[] = {
    {CTRL('a'), DOES(ROW_START)}, {KEY_HOME, 0, 0, DOES(ROW_START)}, {CTRL('e'), DOES(ROW_END)}, {KEY_END, 0, 0, DOES(ROW_END)},
    {CTRL('b'), DOES(LEFT)}, {KEY_LEFT, 0, 0, DOES(LEFT)}, {CTRL('f'), DOES(RIGHT)}, {KEY_RIGHT, 0, 0, DOES(RIGHT)},
    {ALT('b'), DOES(WORD_LEFT)}, {KEY_LEFT, MOD_CTRL, 0, DOES(WORD_LEFT)}, {KEY_LEFT, MOD_ALT, 0, DOES(WORD_LEFT)},
    {ALT('f'), DOES(WORD_RIGHT)}, {KEY_RIGHT, MOD_CTRL, 0, DOES(WORD_RIGHT)}, {KEY_RIGHT, MOD_ALT, 0, DOES(WORD_RIGHT)},
    {KEY_UP, 0, 0, DOES(UP)}, {KEY_DOWN, 0, 0, DOES(DOWN)}, {CTRL('p'), DOES(OLDER)}, {CTRL('n'), DOES(NEWER)},
    {KEY_PAGE_UP, 0, 0, DOES(OLDER)}, {KEY_PAGE_DOWN, 0, 0, DOES(NEWER)}, {ALT('<'), DOES(OLDEST)}, {ALT('>'), DOES(NEWEST)},
    {CTRL('d'), DOES(DELETE_RIGHT)}, {KEY_DELETE, 0, 0, DOES(DELETE_KEY)}, {KEY_BACKSPACE, 0, 0, DOES(DELETE_LEFT)},
    {CTRL('k'), DOES(DELETE_TO_END)}, {CTRL('u'), DOES(DELETE_TO_START)}, {CTRL('w'), DOES(DELETE_BLANK_WORD)},
    {KEY_BACKSPACE, MOD_ALT, 0, DOES(DELETE_WORD_LEFT)}, {KEY_BACKSPACE, MOD_CTRL, 0, DOES(DELETE_WORD_LEFT)},
    {ALT('d'), DOES(DELETE_WORD_RIGHT)}, {KEY_DELETE, MOD_CTRL, 0, DOES(DELETE_WORD_RIGHT)}, {CTRL('y'), DOES(YANK)},
    {ALT('y'), DOES(YANK_OLDER)}, {CTRL('t'), DOES(TRANSPOSE)}, {ALT('t'), DOES(TRANSPOSE_WORDS)}, {ALT('u'), DOES(UPPER_CASE)},
    {ALT('l'), DOES(LOWER_CASE)}, {ALT('c'), DOES(CAPITAL)}, {CTRL('x'), DOES(UNDO)}, {CTRL('_'), DOES(UNDO)}, {CTRL('z'), DOES(UNDO)},
    {ALT('/'), DOES(REDO)}, {ALT('_'), DOES(REDO)}, {ALT('r'), DOES(REVERT)}, {ALT('.'), DOES(INSERT_ARGUMENT)},
    {CTRL('r'), DOES(SEARCH_BACK)}, {CTRL('s'), DOES(SEARCH_ON)}, {KEY_TAB, 0, 0, DOES(COMPLETE)}, {KEY_ENTER, 0, 0, DOES(ACCEPT)},
    {KEY_ENTER, MOD_ALT, 0, DOES(NEWLINE)}, {KEY_ENTER, MOD_SHIFT, 0, DOES(NEWLINE)}, {CTRL('v'), DOES(NEXT_LITERAL)},
    {CTRL('q'), DOES(NEXT_LITERAL)}, {CTRL('l'), DOES(CLEAR)}, {CTRL('c'), DOES(ABANDON)}, {ALT('e'), DOES(EXTERNAL)},
    {ALT('v'), DOES(EXTERNAL)}, {},
};

bool binding_is(const struct binding *b, const struct press *key)
{
    bool counts = key->code == KEY_CHARACTER || key->code == KEY_FUNCTION;
    return b->code == key->code && b->mods == key->mods && (!counts || b->character == key->character);
}

const struct binding *binding_find(const struct press *key)
{
    for (const struct binding *b = BINDINGS; b->action; b++)
        if (binding_is(b, key)) return b;
    return nullptr;
}
