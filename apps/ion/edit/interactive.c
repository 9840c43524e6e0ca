/* SPDX-License-Identifier: MIT
 * The loop of an interactive session (interactive.h). All that the terminal shows while a line is edited comes out of view.c; this
 * file carries keys to the editor and the difference of two frames to the terminal. */
#include "edit/complete.h"
#include "edit/designator.h"
#include "edit/interactive.h"
#include "edit/prompt.h"
#include "edit/terminal.h"
#include "edit/view.h"
#include "edit/worker.h"
#include "expand/expand.h"
#include "job.h"
#include "value/regex.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ESCAPE_WAIT_MS = 30, COMPLETION_WAIT_MS = 1000, INPUT_MAX = 4096, CHECKED_MAX = 64 };

struct session {
    struct shell *sh;
    struct terminal terminal;
    struct decoder decoder;
    struct editor editor;
    struct history history;
    struct frame shown, next;
    struct prompt prompt;
    char input[INPUT_MAX];   /* read and not yet looked at: typed while a line was being edited */
    size_t input_at, input_size;
    long milliseconds;
    bool warned, hung_up;
    bool missing;            /* the line before named a command that is not there */
    bool duplicates;         /* `history -duplicates`: equal lines are kept once, whatever HISTORY_IGNORE says */
    struct worker worker;
    bool completing;         /* the worker looks for completions; otherwise what is known of the line */
    unsigned asked;          /* the line's version that the worker was asked about; 0: none since it changed */
    struct checked {
        char *name;
        bool known;
    } checked[CHECKED_MAX];  /* commands that were looked for since the prompt */
    size_t checked_count;
};
static struct session *session; /* for builtins and the handler of SIGINT; null in scripts */

/* -- drawing ------------------------------------------------------------------------------------------------------------- */

/* Aliases, functions and builtins are known at once; programs when the worker has looked. */
static enum known command_known(void *context, const char *name, size_t size)
{
    const struct session *s = context;
    char copy[256];
    /* What is not written out is not judged. */
    for (size_t i = 0; i < size; i++)
        if (strchr("$@\\'\"{*?~", name[i])) return KNOWN_NOT_YET;
    if (size >= sizeof copy) return KNOWN_NOT_YET;
    memcpy(copy, name, size);
    copy[size] = 0;
    if (scope_find(s->sh->scope, copy) || builtin_find(copy)) return KNOWN_YES;
    for (size_t i = 0; i < s->checked_count; i++)
        if (!strcmp(s->checked[i].name, copy)) return s->checked[i].known ? KNOWN_YES : KNOWN_NO;
    return KNOWN_NOT_YET;
}

static struct view view_of(struct session *s, const char *message)
{
    return (struct view){.prompt = s->prompt.left, .right = s->prompt.right, .columns = s->terminal.columns, .rows = s->terminal.rows,
                         .plain = s->terminal.plain, .command_known = command_known, .context = s, .message = message};
}

static void show(struct session *s)
{
    struct output out = {};
    frame_change(&s->shown, &s->next, &out);
    terminal_write(&s->terminal, out.at, out.size);
    free(out.at);
    struct frame was = s->shown;
    s->shown = s->next, s->next = was;
}

static void draw(struct session *s)
{
    struct view view = view_of(s, nullptr);
    view_draw(&view, &s->editor, &s->next);
    show(s);
}

/* The line as it stays on the screen, and the cursor below it. */
static void draw_final(struct session *s, const char *mark)
{
    struct view view = view_of(s, nullptr);
    view_draw_final(&view, &s->editor, &s->next);
    show(s);
    terminal_write(&s->terminal, mark, strlen(mark));
    terminal_write(&s->terminal, "\r\n", 2);
    s->shown.rows = 0, s->shown.cursor_row = s->shown.cursor_column = 0;
}

/* Nothing of us on the screen any more; the cursor is where the prompt began. */
static void erase(struct session *s)
{
    struct output out = {};
    if (s->shown.cursor_row) output_print(&out, "\x1b[%uA", s->shown.cursor_row);
    output_text(&out, "\r\x1b[J");
    terminal_write(&s->terminal, out.at, out.size);
    free(out.at);
    s->shown.rows = 0, s->shown.cursor_row = s->shown.cursor_column = 0;
}

static void resized(struct session *s)
{
    unsigned columns = s->terminal.columns;
    terminal_measure(&s->terminal);
    if (columns == s->terminal.columns) return draw(s);
    if (s->terminal.reflows) s->shown.cursor_row = frame_rows_reflowed(&s->shown, s->terminal.columns);
    if (s->shown.cursor_row >= s->terminal.rows) s->shown.cursor_row = s->terminal.rows - 1;
    erase(s);
    draw(s);
}

static void told_size(struct session *s, uint32_t answer)
{
    erase(s);
    terminal_told(&s->terminal, answer >> 16, answer & 0xffff);
    draw(s);
}

/* -- one line ------------------------------------------------------------------------------------------------------------ */

static bool is_complete(void *context, const char *text, size_t size)
{
    (void)context;
    return outline_check(text, size).state != OUTLINE_INCOMPLETE;
}

/* -- what the worker finds ----------------------------------------------------------------------------------------------- */

static void put_field(struct output *out, const char *text)
{
    output_bytes(out, text ? text : "", strlen(text ? text : "") + 1);
}

static const char *take_field(const struct output *answer, size_t *at)
{
    const char *text = answer->at + *at;
    const char *end = memchr(text, 0, answer->size - *at);
    if (!end) return nullptr;
    *at += (size_t)(end - text) + 1;
    return text;
}

static void work_complete(void *context, struct output *out)
{
    const struct session *s = context;
    struct completions found;
    complete(s->sh, s->editor.line.text, s->editor.line.size, s->editor.line.cursor, true, &found);
    output_bytes(out, (const char *)&found.from, sizeof found.from);
    output_bytes(out, (const char *)&found.to, sizeof found.to);
    for (size_t i = 0; i < found.count; i++) {
        put_field(out, found.at[i].text);
        put_field(out, found.at[i].label);
        put_field(out, found.at[i].description);
    }
}

static bool is_there(struct session *s, const char *name)
{
    struct stat info;
    if (!stat(name, &info) && S_ISDIR(info.st_mode)) return true; /* one goes there by its name */
    return command_path(s->sh, name) != nullptr;
}

/* Which commands of the line there are, and how its last word could go on. */
static void work_look(void *context, struct output *out)
{
    struct session *s = context;
    const struct line *l = &s->editor.line;
    const struct lexed *words = &s->editor.lexed;
    for (size_t i = 0; i < words->word_count; i++) {
        const struct lex_word *word = &words->words[i];
        const char *name = l->text + word->start;
        size_t size = word->end - word->start;
        if (word->role != ROLE_COMMAND || !size || command_known(s, name, size) != KNOWN_NOT_YET) continue;
        char *copy = arena_copy(&s->sh->scratch, name, size);
        output_text(out, is_there(s, copy) ? "+" : "-");
        put_field(out, copy);
    }
    if (l->cursor != l->size || !l->size || s->editor.suggestion) return;
    struct completions found;
    complete(s->sh, l->text, l->size, l->cursor, false, &found);
    const char *text = found.count ? found.at[0].text : "";
    size_t typed = found.to - found.from, size = strlen(text);
    while (size && text[size - 1] == ' ') size--;
    if (!typed || size <= typed || memcmp(text, l->text + found.from, typed)) return;
    put_field(out, arena_print(&s->sh->scratch, "=%s%.*s", l->text, (int)(size - typed), text + typed));
}

static void forget_checked(struct session *s)
{
    while (s->checked_count) free(s->checked[--s->checked_count].name);
}

static void take_looked(struct session *s)
{
    const struct output *answer = &s->worker.answer;
    const char *field;
    for (size_t at = 0; at < answer->size && (field = take_field(answer, &at));) {
        if (*field == '=') {
            editor_suggest(&s->editor, field + 1);
        } else {
            if (s->checked_count == CHECKED_MAX) forget_checked(s);
            s->checked[s->checked_count++] = (struct checked){heap_copy(field + 1), *field == '+'};
        }
    }
}

static void take_completions(struct session *s)
{
    const struct output *answer = &s->worker.answer;
    struct completions found = {};
    size_t at = sizeof found.from + sizeof found.to;
    if (answer->size < at) return;
    memcpy(&found.from, answer->at, sizeof found.from);
    memcpy(&found.to, answer->at + sizeof found.from, sizeof found.to);
    while (at < answer->size) {
        const char *text = take_field(answer, &at), *label = text ? take_field(answer, &at) : nullptr;
        const char *description = label ? take_field(answer, &at) : nullptr;
        if (!description) break;
        completions_add(&found, text, *label ? label : nullptr, *description ? description : nullptr);
    }
    editor_offer(&s->editor, &found);
}

static void take_answer(struct session *s)
{
    if (!worker_read(&s->worker)) return;
    bool current = s->asked == s->editor.line.version;
    if (current && s->completing) take_completions(s);
    else if (current) take_looked(s);
    s->completing = false;
}

/* Asked when there is nothing more to read: one question for what was typed in one go. */
static void look_at_line(struct session *s)
{
    const struct line *l = &s->editor.line;
    if (s->asked == l->version) return;
    s->asked = l->version;
    s->completing = false;
    worker_end(&s->worker);
    if (l->size && !s->editor.searching && !s->editor.menu.count) worker_ask(&s->worker, work_look, s);
}

static void look_for_completions(struct session *s)
{
    s->asked = s->editor.line.version;
    s->completing = worker_ask(&s->worker, work_complete, s);
}

static void clear_screen(struct session *s)
{
    terminal_write(&s->terminal, "\x1b[H\x1b[2J", 7);
    s->shown.rows = 0, s->shown.cursor_row = s->shown.cursor_column = 0;
}

static void notices(struct session *s)
{
    if (!job_look(s->sh)) return;
    erase(s);
    terminal_leave(&s->terminal);
    job_notices(s->sh);
    terminal_enter(&s->terminal);
}

/* $VISUAL or $EDITOR on a file with the line. */
static void edit_outside(struct session *s)
{
    char path[] = "/tmp/ion-line.XXXXXX";
    const char *editor = getenv("VISUAL") ? getenv("VISUAL") : getenv("EDITOR") ? getenv("EDITOR") : "vi";
    int file = mkstemp(path);
    if (file < 0) return;
    bool written = write(file, s->editor.line.text, s->editor.line.size) == (ssize_t)s->editor.line.size;
    close(file);
    erase(s);
    terminal_leave(&s->terminal);
    char command[512];
    int size = snprintf(command, sizeof command, "%s %s", editor, path), status = s->sh->status;
    enum flow flow = written && size < (int)sizeof command ? run_text(s->sh, "edit", command, (size_t)size) : FLOW_ERROR;
    if (flow == FLOW_ERROR) report(s->sh);
    else if (s->sh->status == 0 && (file = open(path, O_RDONLY | O_CLOEXEC)) >= 0) {
        struct output text = {};
        char part[4096];
        for (ssize_t got; (got = read(file, part, sizeof part)) > 0;) output_bytes(&text, part, (size_t)got);
        close(file);
        while (text.size && text.at[text.size - 1] == '\n') text.at[--text.size] = 0;
        editor_replace(&s->editor, text.size ? text.at : "");
        free(text.at);
    }
    unlink(path);
    s->sh->status = status;
    terminal_enter(&s->terminal);
}

/* What the user bound to a key. It sees the line as LINE, and what it makes of that is the line. */
static void run_bound(struct session *s)
{
    struct shell *sh = s->sh;
    int status = sh->status;
    char *command = heap_copy(s->editor.argument);
    erase(s);
    terminal_leave(&s->terminal);
    scope_set(&sh->global, "LINE", value_string(s->editor.line.text));
    if (run_text(sh, "keybindings", command, strlen(command)) == FLOW_ERROR) report(sh);
    const struct value *line = scope_find(&sh->global, "LINE");
    if (line && line->kind == VALUE_STRING && strcmp(line->text, s->editor.line.text)) editor_replace(&s->editor, line->text);
    free(command);
    sh->status = status;
    sh->interrupted = 0;
    terminal_enter(&s->terminal);
    terminal_fresh_row(&s->terminal);
}

/* ABBREVIATIONS is a map of words and what they are short for. */
static const char *abbreviation(void *context, const char *word, size_t size)
{
    struct session *s = context;
    const struct value *all = scope_find(s->sh->scope, "ABBREVIATIONS");
    if (!all || !value_is_map(all)) return nullptr;
    for (size_t i = 0; i < all->count; i++) {
        const struct value *text = all->entries[i].value;
        const char *name = all->entries[i].key;
        if (!strncmp(name, word, size) && !name[size] && text->kind == VALUE_STRING) return text->text;
    }
    return nullptr;
}

/* True: the line is over. */
static bool act(struct session *s, enum editor_event event, enum editor_event *out)
{
    switch (event) {
    case EVENT_NONE: return false;
    case EVENT_CLEAR: clear_screen(s); return false;
    case EVENT_COMPLETE: look_for_completions(s); return false;
    case EVENT_EXTERNAL: edit_outside(s); return false;
    case EVENT_COMMAND: run_bound(s); return false;
    case EVENT_RUN:
    case EVENT_ABANDON:
    case EVENT_END: *out = event; return true;
    }
    return false;
}

/* The keys that came; true when one of them ended the line. What follows a Tab waits for the completions, as long as these may take. */
static bool feed(struct session *s, enum editor_event *out)
{
    struct press key;
    while (s->input_at < s->input_size && !s->completing) {
        if (!decoder_feed(&s->decoder, s->input[s->input_at++], &key)) continue;
        if (key.code == KEY_CURSOR_AT) told_size(s, key.character);
        else if (act(s, editor_key(&s->editor, &key), out)) return true;
    }
    return false;
}

static enum editor_event edit_line(struct session *s)
{
    enum editor_event event = EVENT_NONE;
    struct press key;
    s->completing = false;
    editor_begin(&s->editor);
    forget_checked(s);
    terminal_enter(&s->terminal);
    while (!feed(s, &event)) {
        draw(s);
        look_at_line(s);
        bool waits = decoder_waits(&s->decoder) && !s->completing;
        int limit = s->completing ? COMPLETION_WAIT_MS : waits ? ESCAPE_WAIT_MS : -1;
        unsigned what = terminal_wait(&s->terminal, !s->completing, s->worker.pid ? s->worker.file : -1, limit);
        if (s->completing && what == WAKE_NONE) worker_end(&s->worker), s->completing = false;
        if (what & WAKE_WORKER) take_answer(s);
        if (what & WAKE_RESIZE) resized(s);
        if (what & WAKE_CHILD) notices(s);
        if (what & WAKE_HANGUP) s->hung_up = true;
        if (what & WAKE_INPUT) {
            ssize_t size = read(s->terminal.file, s->input, sizeof s->input);
            if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN)) s->hung_up = true;
            s->input_at = 0, s->input_size = size > 0 ? (size_t)size : 0;
        } else if (waits && what == WAKE_NONE && decoder_timeout(&s->decoder, &key)) {
            if (act(s, editor_key(&s->editor, &key), &event)) break;
        }
        if (s->hung_up) {
            event = EVENT_END;
            break;
        }
    }
    worker_end(&s->worker);
    draw_final(s, event == EVENT_ABANDON ? "^C" : "");
    /* From here on Ctrl-C is for what runs. */
    s->sh->interrupted = 0;
    terminal_leave(&s->terminal);
    return event;
}

/* -- running it ---------------------------------------------------------------------------------------------------------- */

static void on_interrupt(int)
{
    session->sh->interrupted = 1;
}

static bool go_to(struct session *s, const char *name)
{
    struct stat info;
    if (stat(name, &info) || !S_ISDIR(info.st_mode)) return false;
    struct list words = list_make(&s->sh->scratch);
    list_add(&words, (char *)"cd");
    list_add(&words, (char *)name);
    return builtin_run(s->sh, builtin_find("cd"), &words);
}

/* A command that is not there may be a folder to go to, or the hook's business. */
static void say_error(struct session *s)
{
    static const char MISSING[] = "pipeline execution error: command not found: ";
    struct shell *sh = s->sh;
    if (strncmp(sh->error, MISSING, sizeof MISSING - 1)) {
        if (*sh->error) report(sh);
    } else {
        struct arena_mark mark = arena_mark(&sh->scratch);
        char *name = arena_print(&sh->scratch, "%s", sh->error + sizeof MISSING - 1);
        const struct value *hook = scope_find(sh->scope, "COMMAND_NOT_FOUND");
        if (!go_to(s, name)) {
            sh->status = 127;
            s->missing = true;
            struct words words = words_make(&sh->scratch, arena_print(&sh->scratch, "COMMAND_NOT_FOUND '%s'", name), nullptr, nullptr);
            if (!hook || hook->kind != VALUE_FUNCTION) dprintf(2, "ion: command not found: %s\n", name);
            else if (!function_call(sh, hook->function, &words)) report(sh);
        }
        arena_release(&sh->scratch, mark);
    }
    error_forget(sh);
}

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* With RECORD_SUMMARY=1 the time goes to the screen, and into the history file as a comment. */
static void summarize(struct session *s)
{
    const struct value *wanted = scope_find(s->sh->scope, "RECORD_SUMMARY");
    if (!wanted || wanted->kind != VALUE_STRING || strcmp(wanted->text, "1")) return;
    char text[96];
    snprintf(text, sizeof text, "#summary# elapsed real time: %ld.%03ld seconds", s->milliseconds / 1000, s->milliseconds % 1000);
    dprintf(2, "%s\n", text);
    history_note(&s->history, text);
}

static void run_line(struct session *s, const char *text)
{
    struct shell *sh = s->sh;
    long before = now_ms();
    s->missing = false;
    if (run_text(sh, "line", text, strlen(text)) == FLOW_ERROR) say_error(s);
    s->milliseconds = now_ms() - before;
    sh->duration_seconds = s->milliseconds / 1000;
}

static bool ignore_matches(const char *pattern, const char *text)
{
    const char *why;
    struct regex_match match;
    const struct regex *regex = regex_recent(pattern, &why);
    return regex && regex_search(regex, text, strlen(text), 0, &match);
}

/* HISTORY_IGNORE says what is not kept: all, whitespace, no_such_command, regex:EXPRESSION. A line that names it always is. */
static bool is_ignored(struct session *s, const char *text)
{
    struct list words = list_make(&s->sh->scratch);
    const struct value *ignore = scope_find(s->sh->scope, "HISTORY_IGNORE");
    if (ignore) value_flatten(ignore, &words);
    for (size_t i = 0; i < words.count; i++) {
        const char *word = words.at[i];
        bool named = strstr(text, "HISTORY_IGNORE") != nullptr;
        if (!strcmp(word, "whitespace") && (*text == ' ' || *text == '\t')) return true;
        if (!strcmp(word, "no_such_command") && s->missing) return true;
        if (!strcmp(word, "all") && !named) return true;
        if (!strncmp(word, "regex:", 6) && !named && ignore_matches(word + 6, text)) return true;
    }
    return false;
}

/* After it ran: only then is it known whether its command was there. */
static void remember_line(struct session *s, const char *text)
{
    struct arena_mark mark = arena_mark(&s->sh->scratch);
    if (!is_ignored(s, text)) history_add(&s->history, text, strlen(text), time(nullptr));
    arena_release(&s->sh->scratch, mark);
}

static bool only_blanks(const char *text)
{
    return text[strspn(text, " \t\n")] == 0;
}

static const char *text_of(const struct session *s, const char *name)
{
    const struct value *value = scope_find(s->sh->scope, name);
    return value && value->kind == VALUE_STRING ? value->text : "";
}

static bool is_on(const struct session *s, const char *name)
{
    const char *text = text_of(s, name);
    return *text && strcmp(text, "0") && strcmp(text, "false");
}

static size_t number_of(const struct session *s, const char *name, size_t otherwise)
{
    unsigned long number = strtoul(text_of(s, name), nullptr, 10);
    return number ? number : otherwise;
}

/* The variables about history are looked at before each prompt. */
static void follow_settings(struct session *s)
{
    struct arena_mark mark = arena_mark(&s->sh->scratch);
    struct list words = list_make(&s->sh->scratch);
    const struct value *ignore = scope_find(s->sh->scope, "HISTORY_IGNORE");
    bool duplicates = s->duplicates;
    if (ignore) value_flatten(ignore, &words);
    for (size_t i = 0; i < words.count; i++) duplicates = duplicates || !strcmp(words.at[i], "duplicates");
    s->history.keep_duplicates = !duplicates;
    s->history.timestamps = is_on(s, "HISTORY_TIMESTAMP");
    history_limit(&s->history, number_of(s, "HISTORY_SIZE", 1000));
    history_file(&s->history, is_on(s, "HISTFILE_ENABLED") ? text_of(s, "HISTFILE") : "");
    arena_release(&s->sh->scratch, mark);
}

static bool may_exit(struct session *s)
{
    if (s->hung_up || s->warned || !job_any_stopped(s->sh)) return true;
    s->warned = true;
    dprintf(2, "ion: there are stopped jobs; once more to leave\n");
    return false;
}

static void loop(struct session *s)
{
    struct shell *sh = s->sh;
    while (!s->hung_up) {
        job_notices(sh);
        terminal_fresh_row(&s->terminal);
        prompt_fini(&s->prompt);
        s->prompt = prompt_make(sh, s->milliseconds, s->terminal.plain);
        terminal_measure(&s->terminal);
        follow_settings(s);
        if (s->history.share) history_take_up(&s->history);
        enum editor_event event = edit_line(s);
        s->milliseconds = -1;
        if (event == EVENT_END && may_exit(s)) break;
        if (event == EVENT_ABANDON) sh->status = 130;
        if (event != EVENT_RUN || only_blanks(s->editor.line.text)) continue;
        struct output line = {};
        if (designators_expand(&s->history, s->editor.line.text, &line)) dprintf(2, "%s\n", line.at);
        run_line(s, line.at);
        remember_line(s, line.at);
        summarize(s);
        free(line.at);
        if (sh->exiting && !may_exit(s)) sh->exiting = false;
        else if (sh->exiting) break;
        else if (!job_any_stopped(sh)) s->warned = false;
    }
    if (s->hung_up) sh->status = 129;
}

/* ~/.config/ion/initrc and ~/.local/share/ion/history, or where XDG says. */
static char *user_file(struct arena *arena, const char *variable, const char *below_home, const char *name)
{
    const char *base = getenv(variable), *home = getenv("HOME");
    if ((!base || *base != '/') && !home) return nullptr;
    char *folder = base && *base == '/' ? arena_print(arena, "%s/ion", base) : arena_print(arena, "%s/%s/ion", home, below_home);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(folder, 0755);
        *slash = '/';
    }
    mkdir(folder, 0700);
    return arena_print(arena, "%s/%s", folder, name);
}

static void run_initrc(struct shell *sh)
{
    char *path = user_file(&sh->scratch, "XDG_CONFIG_HOME", ".config", "initrc"), part[4096];
    int file = path ? open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0644) : -1;
    struct buf text = buf_make(&sh->scratch);
    if (file < 0) return;
    for (ssize_t size; (size = read(file, part, sizeof part)) > 0;) buf_bytes(&text, part, (size_t)size);
    close(file);
    if (run_text(sh, path, text.at, text.size) == FLOW_ERROR) {
        dprintf(2, "ion: could not exec initrc: %s\n", sh->error);
        error_forget(sh);
    }
    sh->status = 0;
}

/* Before initrc, so that what it sets stays. */
static void set_defaults(struct shell *sh)
{
    char *path = user_file(&sh->scratch, "XDG_DATA_HOME", ".local/share", "history");
    scope_set(&sh->global, "HISTFILE", value_string(path ? path : ""));
    static const char *const IGNORED[] = {"no_such_command", "whitespace", "duplicates"};
    struct value *ignore = value_make(VALUE_ARRAY);
    for (size_t i = 0; i < sizeof IGNORED / sizeof *IGNORED; i++) value_insert(ignore, i, value_string(IGNORED[i]));
    scope_set(&sh->global, "HISTORY_IGNORE", ignore);
    scope_set(&sh->global, "HISTFILE_ENABLED", value_string("1"));
    scope_set(&sh->global, "HISTORY_TIMESTAMP", value_string("0"));
}

int interactive_run(struct shell *sh, bool vi, bool *out_taken)
{
    static struct session s;
    int file = fcntl(0, F_DUPFD_CLOEXEC, 10);
    *out_taken = file >= 0 && terminal_init(&s.terminal, file);
    if (!*out_taken) return 0;
    s.sh = sh;
    s.milliseconds = -1;
    session = &s;
    if (!job_control_begin(sh, file)) dprintf(2, "ion: no job control: the terminal is not ours\n");
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, nullptr);
    set_defaults(sh);
    history_init(&s.history, nullptr, 0);
    editor_init(&s.editor, &s.history, is_complete, &s);
    s.editor.abbreviation = abbreviation;
    if (vi) s.editor.mode = MODE_VI_INSERT;
    run_initrc(sh);
    sh->interactive = true;
    if (!sh->exiting) loop(&s);
    job_control_end(sh, sh->exiting || !s.hung_up);
    history_trim_file(&s.history, number_of(&s, "HISTFILE_SIZE", 100000));
    editor_fini(&s.editor);
    history_fini(&s.history);
    decoder_fini(&s.decoder);
    frame_fini(&s.shown);
    frame_fini(&s.next);
    prompt_fini(&s.prompt);
    forget_checked(&s);
    free(s.worker.answer.at);
    return sh->status;
}

/* -- builtins ------------------------------------------------------------------------------------------------------------ */

/* `history +duplicates`: HISTORY_IGNORE does not name them any more. */
static void forget_ignored_duplicates(struct shell *sh, bool keep)
{
    const struct value *ignore = scope_find(sh->scope, "HISTORY_IGNORE");
    struct list words = list_make(&sh->scratch);
    struct value *rest = value_make(VALUE_ARRAY);
    if (ignore) value_flatten(ignore, &words);
    for (size_t i = 0; i < words.count; i++)
        if (!keep || strcmp(words.at[i], "duplicates")) value_insert(rest, rest->count, value_string(words.at[i]));
    scope_set(&sh->global, "HISTORY_IGNORE", rest);
}

bool interactive_history(struct shell *sh, const struct list *a)
{
    sh->status = 0;
    if (!session) return true;
    struct history *h = &session->history;
    for (size_t i = 1; i < a->count; i++) {
        bool on = a->at[i][0] == '+';
        const char *what = a->at[i] + 1;
        if ((*a->at[i] != '+' && *a->at[i] != '-') || (strcmp(what, "share") && strcmp(what, "duplicates") && strcmp(what, "inc_append"))) {
            dprintf(2, "ion: history: unknown option %s\n", a->at[i]);
            sh->status = 2;
            return true;
        }
        if (!strcmp(what, "share")) h->share = on;
        if (!strcmp(what, "duplicates")) session->duplicates = !on, forget_ignored_duplicates(sh, on);
    }
    for (size_t i = 0; a->count == 1 && i < h->count; i++) dprintf(1, "%s\n", h->entries[i].text);
    return true;
}

static void print_binding(const struct binding *b)
{
    char name[48];
    key_print(b, name, sizeof name);
    dprintf(1, "%-16s%-24s%s\n", name, b->action->name, b->argument ? b->argument : b->action->help);
}

static void list_bindings(void)
{
    const struct editor *e = session ? &session->editor : nullptr;
    for (size_t i = 0; e && i < e->binding_count; i++) print_binding(&e->bindings[i]);
    for (const struct binding *b = BINDINGS; b->action; b++) {
        struct press key = {.code = b->code, .mods = b->mods, .character = b->character};
        if (!e || !binding_of_user(e, &key)) print_binding(b);
    }
    for (const struct action *a = ACTIONS; a->name; a++) {
        bool bound = false;
        for (const struct binding *b = BINDINGS; b->action; b++) bound = bound || b->action == a;
        if (!bound) dprintf(1, "%-16s%-24s%s\n", "-", a->name, a->help);
    }
}

bool interactive_keybindings(struct shell *sh, const struct list *a)
{
    bool vi = a->count == 2 && !strcmp(a->at[1], "vi"), emacs = a->count == 2 && !strcmp(a->at[1], "emacs");
    sh->status = 0;
    if (a->count == 1) return list_bindings(), true;
    if (vi || emacs) {
        if (session) session->editor.mode = vi ? MODE_VI_INSERT : MODE_EMACS;
        return true;
    }
    struct list text = list_make(&sh->scratch);
    for (size_t i = 3; i < a->count; i++) list_add(&text, a->at[i]);
    struct editor none = {}, *e = session ? &session->editor : &none;
    const char *why = a->count == 2 ? "is neither vi nor emacs, and no action follows it"
                                    : editor_bind(e, a->at[1], a->at[2], text.count ? list_join(&text, " ") : nullptr);
    editor_forget_bindings(&none);
    if (!why) return true;
    dprintf(2, "ion: keybindings: %s %s\n", a->at[1], why);
    sh->status = 2;
    return true;
}
