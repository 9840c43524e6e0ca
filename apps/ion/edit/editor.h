/* SPDX-License-Identifier: MIT
 * The line editor without a terminal: keys go in, its state is drawn by view.c. What needs the world (completion, running, other
 * programs) comes out as an event, and what was found for it goes in again. Everything here is done at once: no key waits. */
#pragma once
#include "edit/history.h"
#include "edit/key.h"
#include "edit/lex.h"
#include "edit/line.h"

enum editor_event : uint8_t {
    EVENT_NONE,
    EVENT_RUN,               /* the line is complete: run it */
    EVENT_ABANDON,           /* Ctrl-C */
    EVENT_END,               /* Ctrl-D on an empty line */
    EVENT_CLEAR,             /* the screen */
    EVENT_COMPLETE,          /* find completions and hand them to editor_offer */
    EVENT_EXTERNAL,          /* edit the line in $EDITOR */
    EVENT_COMMAND,           /* run editor->argument; the line stays */
};

enum editor_mode : uint8_t { MODE_EMACS, MODE_VI_INSERT, MODE_VI_NORMAL, MODE_VI_VISUAL };

struct candidate {
    char *text;              /* what replaces the word, with the blank or slash that follows it */
    char *label;             /* what is shown; null: the text */
    char *description;       /* may be null */
};
struct completions {
    struct candidate *at;
    size_t count, capacity;
    size_t from, to;         /* the part of the line that is replaced */
};
void completions_add(struct completions *completions, const char *text, const char *label, const char *description);
void completions_fini(struct completions *completions);

enum { KILLS_MAX = 32, VI_RECORD_MAX = 256 };

struct vi {
    unsigned count, operator_count;
    uint32_t operator, pending;      /* `d`, `c`, `y`, ...; a key that waits for a character (f, r, g, i, a) */
    uint32_t find_key, find_character;
    size_t visual_start;
    bool visual_rows, replaying, recording;
    struct press record[VI_RECORD_MAX], last[VI_RECORD_MAX];
    size_t record_size, last_size;
    unsigned record_version; /* of the line when the record began */
};

struct editor {
    struct line line;
    struct lexed lexed;      /* of the line as it is */
    enum editor_mode mode;
    struct history *history;
    bool (*is_complete)(void *context, const char *text, size_t size);
    void *context;

    char *kills[KILLS_MAX];
    size_t kill_count, kill_at, yank_start;
    const struct action *last, *current;    /* what was done before, and now: kills join, yanks rotate */
    struct binding *bindings;               /* the user's, looked at first */
    size_t binding_count;
    const char *argument;                   /* of the action that is done: what follows it in the user's binding */
    /* What a word is short for, in the caller's scratch; null: nothing. The function may be null. */
    const char *(*abbreviation)(void *context, const char *word, size_t size);
    bool literal;                           /* the next key goes in as it is */

    /* history walked through: what was found for the line as it was, newest first */
    size_t *found, found_count, found_at;   /* found_at 0: the line itself, in `live` */
    char *live;
    size_t argument_entry;                  /* Alt-. */
    size_t argument_start;

    bool searching;
    char query[128];
    size_t query_size;

    struct completions menu;                /* count 0: closed */
    size_t menu_at;                         /* count: none is chosen yet */
    char *menu_original;

    char *suggestion;                       /* all of a line that begins with this one; null: none */
    struct vi vi;
};

void editor_init(struct editor *editor, struct history *history, bool (*is_complete)(void *, const char *, size_t), void *context);
void editor_fini(struct editor *editor);
/* An empty line. */
void editor_begin(struct editor *editor);
enum editor_event editor_key(struct editor *editor, const struct press *key);
/* What was found for EVENT_COMPLETE; takes it. */
void editor_offer(struct editor *editor, struct completions *completions);
/* A line that goes on from this one; null: none. What history offered goes first. */
void editor_suggest(struct editor *editor, const char *text);
void editor_replace(struct editor *editor, const char *text);

/* Inside the editor. */
struct action {
    const char *name;
    enum editor_event (*act)(struct editor *editor);
    const char *help;
};
struct binding {
    enum key_code code;
    uint8_t mods;
    uint32_t character;
    const struct action *action;
    char *argument;          /* a user's: what follows `insert` or `run` */
};
extern const struct binding BINDINGS[];
extern const struct action ACTIONS[];
bool binding_is(const struct binding *binding, const struct press *key);
const struct binding *binding_find(const struct press *key);
enum editor_event editor_act(struct editor *editor, const struct binding *binding);
/* bind.c: the user's own for the key; null: none. */
const struct binding *binding_of_user(const struct editor *editor, const struct press *key);
/* What `keybindings KEY ACTION [TEXT]` says; `default` takes the user's binding away. Null, or why not. */
const char *editor_bind(struct editor *editor, const char *key, const char *action, const char *text);
/* `Ctrl-Alt-x`, `Shift-F5`, `PageUp`; false: no such key, or one that types. */
bool key_parse(const char *name, struct press *out_key);
void key_print(const struct binding *binding, char *out, size_t size);
void editor_forget_bindings(struct editor *editor);
/* A key where text is typed: emacs keys, and vi's insert mode. */
enum editor_event editor_plain_key(struct editor *editor, const struct press *key);
void editor_changed(struct editor *editor);
void editor_kill(struct editor *editor, size_t from, size_t to, bool before);
void editor_put_kill(struct editor *editor, const char *text, size_t size);
enum editor_event editor_accept(struct editor *editor);
void editor_newline(struct editor *editor);
bool editor_walk_back(struct editor *editor);
bool editor_walk_on(struct editor *editor);
void editor_walk_end(struct editor *editor);
bool editor_take_suggestion(struct editor *editor, bool word);

void search_begin(struct editor *editor, bool back);
enum editor_event search_key(struct editor *editor, const struct press *key);
const char *search_found(const struct editor *editor);

void menu_close(struct editor *editor);
/* True when the menu used the key. */
bool menu_key(struct editor *editor, const struct press *key);

enum editor_event vi_key(struct editor *editor, const struct press *key);
