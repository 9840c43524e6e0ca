/* SPDX-License-Identifier: MIT
 * The vi modes: counts, motions, operators over motions and text objects, visual selections, and `.`, which plays the keys of the
 * last change again. In normal mode the cursor stands on a character, never behind the last one of its row. */
#include "edit/editor.h"
#include "edit/width.h"
#include "value/mem.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct target {
    size_t from, to;         /* from is where the cursor was for a motion */
    bool rows, inclusive;
};

static bool on_text(const struct line *l, size_t at)
{
    return at < l->size && l->text[at] != '\n';
}

static int class_of(const struct line *l, size_t at, bool big)
{
    int class = at < l->size ? character_class(l->text[at]) : 0;
    return big && class ? 2 : class;
}

static size_t next_word(const struct line *l, size_t at, bool big)
{
    int class = class_of(l, at, big);
    while (at < l->size && class_of(l, at, big) == class && class) at++;
    while (at < l->size && !class_of(l, at, big)) at++;
    return at;
}

static size_t word_before(const struct line *l, size_t at, bool big)
{
    while (at && !class_of(l, at - 1, big)) at--;
    int class = at ? class_of(l, at - 1, big) : 0;
    while (at && class_of(l, at - 1, big) == class) at--;
    return at;
}

static size_t word_end(const struct line *l, size_t at, bool big)
{
    at = line_right(l, at);
    while (at < l->size && !class_of(l, at, big)) at++;
    int class = class_of(l, at, big);
    while (line_right(l, at) < l->size && class_of(l, line_right(l, at), big) == class) at = line_right(l, at);
    return at < l->size ? at : line_left(l, l->size);
}

static size_t word_end_before(const struct line *l, size_t at, bool big)
{
    int class = class_of(l, at, big);
    while (at && class && class_of(l, at, big) == class) at--;
    while (at && !class_of(l, at, big)) at--;
    return at;
}

static bool find_character(struct editor *e, uint32_t how, uint32_t character, unsigned count, bool again, struct target *out)
{
    const struct line *l = &e->line;
    char bytes[4];
    size_t size = utf8_encode(character, bytes), at = l->cursor;
    bool on = how == 'f' || how == 't';
    /* `;` after `t` must leave the place where it already stands. */
    if (again && how == 't') at = line_right(l, at);
    if (again && how == 'T') at = line_left(l, at);
    while (count) {
        size_t to = on ? line_right(l, at) : line_left(l, at);
        if (to == at || to >= l->size || l->text[to] == '\n') return false;
        at = to;
        if (at + size <= l->size && !memcmp(l->text + at, bytes, size)) count--;
    }
    out->to = how == 't' ? line_left(l, at) : how == 'T' ? line_right(l, at) : at;
    out->inclusive = on;
    return true;
}

static bool match_bracket(const struct line *l, size_t at, size_t *out)
{
    static const char OPEN[] = "([{", CLOSE[] = ")]}";
    while (on_text(l, at) && !strchr("()[]{}", l->text[at])) at++;
    if (!on_text(l, at)) return false;
    char c = l->text[at];
    const char *open = strchr(OPEN, c);
    char other = open ? CLOSE[open - OPEN] : OPEN[strchr(CLOSE, c) - CLOSE];
    for (size_t i = at, depth = 0;; open ? i++ : i--) {
        if (i >= l->size) return false; /* below 0 too: it wraps */
        if (l->text[i] == c) depth++;
        else if (l->text[i] == other && !--depth) return *out = i, true;
        if (l->text[i] == c && depth == 0) return *out = i, true;
    }
}

static size_t first_row_from(const struct line *l, unsigned row)
{
    size_t at = 0;
    while (--row && line_row_end(l, at) < l->size) at = line_row_end(l, at) + 1;
    return at;
}

/* A motion of one key; false: it is none, or leads nowhere. */
static bool motion(struct editor *e, uint32_t c, unsigned given, struct target *out)
{
    const struct line *l = &e->line;
    unsigned count = given ? given : 1;
    size_t at = l->cursor;
    *out = (struct target){.from = at};
    switch (c) {
    case '0': at = line_row_start(l, at); break;
    case '^': at = line_row_text(l, at); break;
    case '$': at = line_row_end(l, at); break;
    case 'G': at = given ? first_row_from(l, given) : line_row_start(l, l->size), out->rows = true; break;
    case '%':
        if (!match_bracket(l, at, &at)) return false;
        out->inclusive = true;
        break;
    case ';':
    case ',': {
        uint32_t how = e->vi.find_key;
        if (!how) return false;
        if (c == ',') how = islower((int)how) ? (uint32_t)toupper((int)how) : (uint32_t)tolower((int)how);
        return find_character(e, how, e->vi.find_character, count, true, out);
    }
    default:
        for (; count; count--) {
            switch (c) {
            case 'h': at = at > line_row_start(l, at) ? line_left(l, at) : at; break;
            case 'l':
            case ' ': at = on_text(l, at) ? line_right(l, at) : at; break;
            case 'w':
            case 'W': at = next_word(l, at, c == 'W'); break;
            case 'b':
            case 'B': at = word_before(l, at, c == 'B'); break;
            case 'e':
            case 'E': at = word_end(l, at, c == 'E'), out->inclusive = true; break;
            case 'j': at = line_down(l, at), out->rows = true; break;
            case 'k': at = line_up(l, at), out->rows = true; break;
            default: return false;
            }
        }
    }
    out->to = at;
    return true;
}

static bool quoted_object(const struct line *l, char quote, struct target *out)
{
    size_t start = line_row_start(l, l->cursor), end = line_row_end(l, l->cursor);
    for (size_t i = start; i < end; i++) {
        if (l->text[i] != quote) continue;
        size_t close = i + 1;
        while (close < end && l->text[close] != quote) close++;
        if (close == end) return false;
        if (close >= l->cursor) return out->from = i, out->to = close + 1, true;
        i = close;
    }
    return false;
}

static bool bracket_object(const struct line *l, char open, char close, struct target *out)
{
    size_t depth = 0;
    for (size_t i = l->cursor + 1; i-- > 0;) {
        if (l->text[i] == close && i != l->cursor) depth++;
        if (l->text[i] != open || depth-- > 0) continue;
        depth = 0;
        for (size_t j = i; j < l->size; j++) {
            if (l->text[j] == open) depth++;
            if (l->text[j] == close && !--depth) return out->from = i, out->to = j + 1, true;
        }
        return false;
    }
    return false;
}

static bool object(const struct line *l, uint32_t kind, bool around, struct target *out)
{
    *out = (struct target){};
    bool big = kind == 'W', found;
    if (kind == 'w' || big) {
        int class = class_of(l, l->cursor, big);
        out->from = out->to = l->cursor;
        while (out->from && class_of(l, out->from - 1, big) == class && l->text[out->from - 1] != '\n') out->from--;
        while (on_text(l, out->to) && class_of(l, out->to, big) == class) out->to++;
        while (around && on_text(l, out->to) && !class_of(l, out->to, big)) out->to++;
        return out->to > out->from;
    }
    if (kind == '"' || kind == '\'' || kind == '`') found = quoted_object(l, (char)kind, out);
    else if (kind == '(' || kind == ')' || kind == 'b') found = bracket_object(l, '(', ')', out);
    else if (kind == '[' || kind == ']') found = bracket_object(l, '[', ']', out);
    else if (kind == '{' || kind == '}' || kind == 'B') found = bracket_object(l, '{', '}', out);
    else return false;
    if (found && !around) out->from++, out->to--;
    return found;
}

static void enter_insert(struct editor *e)
{
    e->mode = MODE_VI_INSERT;
    e->line.run = 1; /* what is typed now is undone as one */
}

static void insert_mode(struct editor *e)
{
    line_remember(&e->line, 0);
    enter_insert(e);
}

static void to_rows(const struct line *l, struct target *t)
{
    t->from = line_row_start(l, t->from);
    t->to = line_row_end(l, t->to);
    t->rows = true;
}

/* Rows go to the ring with a newline at their end: that is how a paste knows them. */
static void operate(struct editor *e, uint32_t operator, struct target t)
{
    struct line *l = &e->line;
    if (t.from > t.to) {
        size_t from = t.to;
        t.to = t.from, t.from = from;
        t.inclusive = t.inclusive && t.from != t.to;
    }
    if (t.inclusive) t.to = line_right(l, t.to);
    if (t.rows) to_rows(l, &t);
    char *text = heap_alloc(t.to - t.from + 2);
    size_t size = t.to - t.from;
    memcpy(text, l->text + t.from, size);
    if (t.rows) text[size++] = '\n';
    if (size) editor_put_kill(e, text, size);
    free(text);
    if (operator == 'y') {
        l->cursor = t.rows ? l->cursor : t.from;
        return;
    }
    if (operator == '>' || operator == '<') {
        to_rows(l, &t);
        line_remember(l, 0);
        l->cursor = t.from;
        if (operator == '>') line_insert(l, "    ", 4);
        else line_remove(l, t.from, t.from + (line_row_text(l, t.from) - t.from < 4 ? line_row_text(l, t.from) - t.from : 4));
        l->cursor = line_row_text(l, t.from);
        return;
    }
    if (t.rows && operator == 'd') {
        if (t.to < l->size) t.to++;
        else if (t.from) t.from--;
    }
    line_remember(l, 0);
    line_remove(l, t.from, t.to);
    if (t.rows && operator == 'd') l->cursor = line_row_text(l, l->cursor);
    if (operator == 'c') enter_insert(e);
}

static void paste(struct editor *e, bool before)
{
    struct line *l = &e->line;
    if (!e->kill_count) return;
    const char *text = e->kills[e->kill_count - 1];
    size_t size = strlen(text);
    line_remember(l, 0);
    if (size && text[size - 1] == '\n') {
        size_t at = before ? line_row_start(l, l->cursor) : line_row_end(l, l->cursor);
        l->cursor = at;
        if (!before) line_insert(l, "\n", 1);
        at = l->cursor;
        line_insert(l, text, size - 1);
        if (before) line_insert(l, "\n", 1);
        l->cursor = line_row_text(l, at);
        return;
    }
    if (!before && on_text(l, l->cursor)) l->cursor = line_right(l, l->cursor);
    line_insert(l, text, size);
    if (size) l->cursor = line_left(l, l->cursor);
}

static void replace(struct editor *e, uint32_t character, unsigned count)
{
    struct line *l = &e->line;
    char bytes[4];
    size_t size = utf8_encode(character, bytes), end = l->cursor;
    for (unsigned i = 0; i < count; i++) {
        if (!on_text(l, end)) return;
        end = line_right(l, end);
    }
    line_remember(l, 0);
    line_remove(l, l->cursor, end);
    for (; count; count--) line_insert(l, bytes, size);
    l->cursor = line_left(l, l->cursor);
}

static void swap_case(struct editor *e, unsigned count)
{
    struct line *l = &e->line;
    line_remember(l, 0);
    for (; count && on_text(l, l->cursor); count--) {
        char *c = &l->text[l->cursor];
        if (isalpha((unsigned char)*c)) *c ^= 0x20;
        l->cursor = line_right(l, l->cursor);
    }
    l->version++;
}

static void join_rows(struct editor *e)
{
    struct line *l = &e->line;
    size_t end = line_row_end(l, l->cursor);
    if (end == l->size) return;
    line_remember(l, 0);
    line_remove(l, end, line_row_text(l, end + 1));
    line_insert(l, " ", 1);
    l->cursor--;
}

static void open_row(struct editor *e, bool above)
{
    struct line *l = &e->line;
    insert_mode(e);
    l->cursor = above ? line_row_start(l, l->cursor) : line_row_end(l, l->cursor);
    line_insert(l, "\n", 1);
    if (above) l->cursor--;
}

static void begin_visual(struct editor *e, bool rows)
{
    e->mode = MODE_VI_VISUAL;
    e->vi.visual_start = e->line.cursor;
    e->vi.visual_rows = rows;
}

/* What a command of one key does when no operator waits; false: there is none. */
static bool command(struct editor *e, uint32_t c, unsigned count)
{
    struct line *l = &e->line;
    struct target all = {.from = l->cursor, .to = line_row_end(l, l->cursor)}, some = {.from = l->cursor, .to = l->cursor};
    for (unsigned i = count; i; i--) {
        if (c == 'x' || c == 's') some.to = on_text(l, some.to) ? line_right(l, some.to) : some.to;
        if (c == 'X') some.from = some.from > line_row_start(l, l->cursor) ? line_left(l, some.from) : some.from;
    }
    struct target rows = {.from = l->cursor, .to = l->cursor, .rows = true};
    switch (c) {
    case 'i': insert_mode(e); break;
    case 'a': insert_mode(e), l->cursor = on_text(l, l->cursor) ? line_right(l, l->cursor) : l->cursor; break;
    case 'I': insert_mode(e), l->cursor = line_row_text(l, l->cursor); break;
    case 'A': insert_mode(e), l->cursor = line_row_end(l, l->cursor); break;
    case 'o': open_row(e, false); break;
    case 'O': open_row(e, true); break;
    case 'x':
    case 'X': operate(e, 'd', some); break;
    case 's': operate(e, 'c', some); break;
    case 'S': operate(e, 'c', rows); break;
    case 'D': operate(e, 'd', all); break;
    case 'C': operate(e, 'c', all); break;
    case 'Y': operate(e, 'y', rows); break;
    case 'p':
    case 'P':
        for (; count; count--) paste(e, c == 'P');
        break;
    case 'u':
        for (; count && line_undo(l); count--) {}
        break;
    case '~': swap_case(e, count); break;
    case 'J': join_rows(e); break;
    case 'v':
    case 'V': begin_visual(e, c == 'V'); break;
    case '/': search_begin(e, true); break;
    case 'n':
    case '-': editor_walk_back(e); break;
    case 'N':
    case '+': editor_walk_on(e); break;
    default: return false;
    }
    return true;
}

static void reset(struct vi *v)
{
    v->count = v->operator_count = 0;
    v->operator = v->pending = 0;
}

static unsigned whole_count(const struct vi *v)
{
    unsigned long both = (unsigned long)(v->count ? v->count : 1) * (v->operator_count ? v->operator_count : 1);
    return both > 10000 ? 10000 : (unsigned)both;
}

static void go(struct editor *e, struct target t)
{
    uint32_t operator = e->vi.operator;
    reset(&e->vi);
    if (operator) operate(e, operator, t);
    else e->line.cursor = t.to;
}

/* The second key of f, r, g, i and a. */
static void pending_key(struct editor *e, uint32_t c)
{
    struct vi *v = &e->vi;
    struct target t = {.from = e->line.cursor};
    uint32_t pending = v->pending;
    unsigned count = whole_count(v);
    v->pending = 0;
    if (pending == 'r') {
        reset(v);
        replace(e, c, count);
    } else if (pending == 'g') {
        t.to = c == 'g' ? 0 : word_end_before(&e->line, e->line.cursor, c == 'E');
        t.rows = c == 'g';
        t.inclusive = c != 'g';
        if (c == 'g' || c == 'e' || c == 'E') go(e, t);
        else reset(v);
    } else if (pending == 'i' || pending == 'a') {
        if (!object(&e->line, c, pending == 'a', &t)) {
            reset(v);
        } else if (e->mode == MODE_VI_VISUAL) {
            v->visual_start = t.from;
            e->line.cursor = t.to > t.from ? line_left(&e->line, t.to) : t.to;
        } else {
            go(e, t);
        }
    } else {
        v->find_key = pending, v->find_character = c;
        if (find_character(e, pending, c, count, false, &t)) go(e, t);
        else reset(v);
    }
}

static bool is_operator(uint32_t c)
{
    return c == 'd' || c == 'c' || c == 'y' || c == '<' || c == '>';
}

static bool visual_command(struct editor *e, uint32_t c)
{
    struct target t = {.from = e->vi.visual_start, .to = e->line.cursor, .rows = e->vi.visual_rows};
    if (c == 'o') return e->line.cursor = t.from, e->vi.visual_start = t.to, true;
    if (c == 'x') c = 'd';
    if (c == 's') c = 'c';
    if (!is_operator(c)) return false;
    if (t.from > t.to) t.from = t.to, t.to = e->vi.visual_start;
    if (!t.rows) t.to = line_right(&e->line, t.to);
    e->mode = MODE_VI_NORMAL;
    operate(e, c, t);
    return true;
}

static void character(struct editor *e, uint32_t c)
{
    struct vi *v = &e->vi;
    struct target t;
    bool visual = e->mode == MODE_VI_VISUAL;
    if (v->pending) return pending_key(e, c);
    if ((c >= '1' && c <= '9') || (c == '0' && v->count)) {
        v->count = v->count < 1000 ? v->count * 10 + (c - '0') : v->count;
        return;
    }
    bool object_key = (v->operator || visual) && (c == 'i' || c == 'a');
    if (strchr("fFtTg", (int)c) || (c == 'r' && !v->operator && !visual) || object_key) {
        v->pending = c;
        return;
    }
    if (v->operator && c == v->operator) {
        t = (struct target){.from = e->line.cursor, .to = e->line.cursor, .rows = true};
        for (unsigned i = whole_count(v); i > 1 && line_row_end(&e->line, t.to) < e->line.size; i--) t.to = line_row_end(&e->line, t.to) + 1;
        return go(e, t);
    }
    if (visual && visual_command(e, c)) return reset(v);
    if (is_operator(c) && !v->operator) {
        v->operator = c, v->operator_count = v->count, v->count = 0;
        return;
    }
    unsigned count = whole_count(v);
    /* `cw` changes to the end of the word, not the blanks behind it. */
    if (v->operator == 'c' && (c == 'w' || c == 'W') && class_of(&e->line, e->line.cursor, false)) {
        size_t here = e->line.cursor, end = here;
        int class = class_of(&e->line, here, c == 'W');
        for (unsigned i = count; i; i--) {
            if (i < count) end = next_word(&e->line, end, c == 'W'), class = class_of(&e->line, end, c == 'W');
            while (end < e->line.size && class_of(&e->line, end, c == 'W') == class) end++;
        }
        return go(e, (struct target){.from = here, .to = end});
    }
    if (!v->operator && !visual && (c == 'j' || c == 'k')) {
        size_t to = c == 'k' ? line_up(&e->line, e->line.cursor) : line_down(&e->line, e->line.cursor);
        if (to == e->line.cursor || e->found_at) {
            reset(v);
            (void)(c == 'k' ? editor_walk_back(e) : editor_walk_on(e));
            return;
        }
    }
    if (motion(e, c, v->count || v->operator_count ? count : 0, &t)) return go(e, t);
    bool alone = !v->operator;
    reset(v);
    if (alone) command(e, c, count);
}

static void stay_on_text(struct editor *e)
{
    if (e->mode == MODE_VI_NORMAL && !on_text(&e->line, e->line.cursor) && e->line.cursor > line_row_start(&e->line, e->line.cursor))
        e->line.cursor = line_left(&e->line, e->line.cursor);
}

static enum editor_event again(struct editor *e)
{
    struct press keys[VI_RECORD_MAX];
    size_t count = e->vi.last_size;
    memcpy(keys, e->vi.last, count * sizeof *keys);
    reset(&e->vi);
    e->vi.replaying = true;
    for (size_t i = 0; i < count; i++) vi_key(e, &keys[i]);
    e->vi.replaying = false;
    return EVENT_NONE;
}

static enum editor_event normal_key(struct editor *e, const struct press *key)
{
    struct vi *v = &e->vi;
    bool ctrl = key->code == KEY_CHARACTER && key->mods == MOD_CTRL;
    if (key->code == KEY_ESCAPE || (ctrl && key->character == 'g')) {
        reset(v);
        e->mode = MODE_VI_NORMAL;
    } else if (ctrl && key->character == 'r') {
        line_redo(&e->line);
    } else if (key->code == KEY_CHARACTER && !key->mods) {
        if (key->character == '.' && !v->pending && !v->operator && !v->replaying) return again(e);
        character(e, key->character);
    } else if (key->code == KEY_BACKSPACE) {
        if (e->line.cursor > line_row_start(&e->line, e->line.cursor)) e->line.cursor = line_left(&e->line, e->line.cursor);
    } else if (key->code == KEY_PASTE) {
        line_remember(&e->line, 0);
        line_insert(&e->line, key->paste, key->paste_size);
    } else {
        reset(v);
        return editor_plain_key(e, key);
    }
    return EVENT_NONE;
}

enum editor_event vi_key(struct editor *e, const struct press *key)
{
    struct vi *v = &e->vi;
    enum editor_event event;
    if (key->code == KEY_CHARACTER && key->mods == MOD_ALT) {
        /* Escape and a key typed fast; nobody means Alt here. */
        struct press plain = *key, escape = {.code = KEY_ESCAPE};
        plain.mods = 0;
        vi_key(e, &escape);
        return vi_key(e, &plain);
    }
    bool idle = e->mode == MODE_VI_NORMAL && !v->count && !v->operator && !v->pending;
    if (idle && !v->replaying) v->recording = true, v->record_size = 0, v->record_version = e->line.version;
    if (v->recording && !v->replaying && v->record_size < VI_RECORD_MAX && key->code != KEY_PASTE) v->record[v->record_size++] = *key;
    if (e->mode == MODE_VI_INSERT && key->code == KEY_ESCAPE) {
        e->mode = MODE_VI_NORMAL;
        if (e->line.cursor > line_row_start(&e->line, e->line.cursor)) e->line.cursor = line_left(&e->line, e->line.cursor);
        event = EVENT_NONE;
    } else {
        event = e->mode == MODE_VI_INSERT ? editor_plain_key(e, key) : normal_key(e, key);
    }
    stay_on_text(e);
    bool whole = e->mode == MODE_VI_NORMAL && !v->count && !v->operator && !v->pending;
    bool dot = key->code == KEY_CHARACTER && (key->character == '.' || key->character == 'u') && v->record_size == 1;
    bool changed = v->record_version != e->line.version;
    if (whole && v->recording && !v->replaying) {
        if (changed && !dot && !e->found && key->mods != MOD_CTRL) {
            memcpy(v->last, v->record, v->record_size * sizeof *v->last);
            v->last_size = v->record_size;
        }
        v->recording = false;
    }
    return event;
}
