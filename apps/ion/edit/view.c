/* SPDX-License-Identifier: MIT
 * Prompt, coloured line, suggestion, right prompt, search line and menu as cells (view.h). */
#include "edit/view.h"
#include "edit/width.h"
#include <stdio.h>
#include <string.h>

enum { RED = 2, GREEN = 3, YELLOW = 4, BLUE = 5, MAGENTA = 6, CYAN = 7, GREY = 9 };
static const struct style STYLES[TOKEN_COUNT] = {
    [TOKEN_COMMAND] = {.foreground = GREEN}, [TOKEN_KEYWORD] = {.foreground = MAGENTA, .attributes = ATTR_BOLD},
    [TOKEN_OPTION] = {.foreground = CYAN}, [TOKEN_STRING] = {.foreground = YELLOW}, [TOKEN_VARIABLE] = {.foreground = BLUE},
    [TOKEN_OPERATOR] = {.attributes = ATTR_BOLD}, [TOKEN_REDIRECTION] = {.foreground = CYAN, .attributes = ATTR_BOLD},
    [TOKEN_COMMENT] = {.foreground = GREY}, [TOKEN_ERROR] = {.foreground = RED, .attributes = ATTR_UNDERLINE},
    [TOKEN_PATTERN] = {.foreground = MAGENTA}, [TOKEN_ESCAPE] = {.foreground = CYAN},
};
static const struct style SUGGESTION = {.foreground = GREY}, UNKNOWN = {.foreground = RED}, FAINT = {.foreground = GREY};

static struct style style_of(const struct view *view, const struct editor *e, size_t at, bool unknown)
{
    struct style style = unknown ? UNKNOWN : STYLES[e->lexed.tokens[at]];
    if (view->plain) style = (struct style){};
    if (e->mode == MODE_VI_VISUAL) {
        size_t from = e->vi.visual_start, to = e->line.cursor;
        if (from > to) from = to, to = e->vi.visual_start;
        if (e->vi.visual_rows) from = line_row_start(&e->line, from), to = line_row_end(&e->line, to);
        if (at >= from && at <= to) style.attributes |= ATTR_REVERSE;
    }
    return style;
}

static bool is_unknown(const struct view *view, const struct editor *e, const struct lex_word *word)
{
    if (word->role != ROLE_COMMAND || !view->command_known || word->end == word->start) return false;
    /* What is still being typed is judged when it is finished. */
    return view->command_known(view->context, e->line.text + word->start, word->end - word->start) == KNOWN_NO;
}

static void put_text(const struct view *view, const struct editor *e, struct frame *f, unsigned indent)
{
    const struct line *l = &e->line;
    size_t word = 0, from = 0;
    bool unknown = false;
    size_t unknown_end = 0;
    for (size_t at = 0; at <= l->size;) {
        if (at == l->cursor) frame_mark_cursor(f);
        if (at == l->size) break;
        /* Words come in the order of their starts; an inner one lies after the start of its outer one. */
        for (; word < e->lexed.word_count && e->lexed.words[word].start <= at; word++)
            if (e->lexed.words[word].start == at && is_unknown(view, e, &e->lexed.words[word])) unknown_end = e->lexed.words[word].end;
        unknown = at < unknown_end && e->lexed.tokens[at] == TOKEN_COMMAND;
        from = at;
        struct style style = style_of(view, e, at, unknown);
        size_t bytes = cluster_size(l->text, l->size, at);
        at += bytes;
        if (l->text[from] == '\n') {
            frame_newline(f);
            frame_tab_to(f, indent);
        } else {
            frame_put(f, l->text + from, bytes, style);
        }
    }
}

static void put_suggestion(const struct editor *e, struct frame *f, unsigned indent, unsigned rows)
{
    if (!e->suggestion || e->line.cursor != e->line.size || e->menu.count || e->searching) return;
    const char *at = e->suggestion + e->line.size;
    unsigned most = f->row + (rows > 4 ? rows / 2 : 1);
    while (*at && f->row < most) {
        size_t size = strcspn(at, "\n");
        frame_put(f, at, size, SUGGESTION);
        at += size;
        if (*at == '\n') frame_newline(f), frame_tab_to(f, indent), at++;
    }
}

/* At the right end of the prompt's last row, when the text leaves room. */
static void put_right(const struct view *view, struct frame *f, unsigned row)
{
    if (!view->right || !*view->right) return;
    struct frame side = {};
    frame_begin(&side, f->columns);
    frame_put_coloured(&side, view->right, strlen(view->right));
    unsigned width = side.column, used = f->columns;
    const struct cell *cells = f->cells + (size_t)row * f->columns;
    while (used && cells[used - 1].size == 0 && cells[used - 1].width == 1) used--;
    bool cursor_there = f->cursor_row == row && f->cursor_column + 1 > used;
    if (cursor_there) used = f->cursor_column + 1;
    if (side.rows == 1 && used + width + 2 <= f->columns)
        memcpy(f->cells + (size_t)row * f->columns + f->columns - width - 1, side.cells, width * sizeof *side.cells);
    frame_fini(&side);
}

static unsigned put_line(const struct view *view, const struct editor *e, struct frame *f)
{
    frame_begin(f, view->columns);
    frame_put_coloured(f, view->prompt, strlen(view->prompt));
    unsigned indent = f->column <= f->columns / 2 ? f->column : 0;
    put_text(view, e, f, indent);
    return indent;
}

static void put_search(const struct editor *e, struct frame *f)
{
    char counts[64];
    frame_newline(f);
    frame_put(f, "(search)'", 9, FAINT);
    frame_put(f, e->query, e->query_size, (struct style){.attributes = ATTR_BOLD});
    int size = snprintf(counts, sizeof counts, "' (%zu/%zu)", e->found_at, e->found_count);
    frame_put(f, counts, (size_t)size, FAINT);
    const char *found = search_found(e);
    frame_newline(f);
    if (found) frame_put(f, found, strlen(found), (struct style){});
}

static unsigned shown_width(const struct candidate *c, unsigned *out_label)
{
    const char *label = c->label ? c->label : c->text;
    *out_label = (unsigned)text_width(label, strlen(label));
    return c->description ? (unsigned)text_width(c->description, strlen(c->description)) : 0;
}

/* At most `width` columns of it; how many. */
static unsigned put_cut(struct frame *f, const char *text, unsigned width, struct style style)
{
    unsigned used = 0;
    size_t size = strlen(text), at = 0;
    for (size_t bytes; (bytes = cluster_size(text, size, at)); at += bytes) {
        unsigned columns = cluster_width(text + at, bytes);
        if (used + columns > width) break;
        if ((unsigned char)text[at] < 0x20) frame_put(f, " ", 1, style);
        else frame_put(f, text + at, bytes, style);
        used += columns;
    }
    return used;
}

static void put_candidate(struct frame *f, const struct candidate *c, bool chosen, unsigned label, unsigned width)
{
    struct style style = {.attributes = chosen ? ATTR_REVERSE : 0}, faint = FAINT;
    if (chosen) faint = style;
    unsigned used = put_cut(f, c->label ? c->label : c->text, width, style);
    if (c->description && label + 4 < width) {
        for (; used < label + 2; used++) frame_put(f, " ", 1, style);
        used += put_cut(f, c->description, width - used, faint);
    }
    for (; used < width && chosen; used++) frame_put(f, " ", 1, style);
}

static void put_menu(const struct editor *e, struct frame *f, unsigned rows)
{
    const struct completions *m = &e->menu;
    unsigned label = 0, description = 0, own;
    for (size_t i = 0; i < m->count; i++) {
        unsigned about = shown_width(&m->at[i], &own);
        if (own > label) label = own;
        if (about > description) description = about;
    }
    unsigned width = label + (description ? description + 2 : 0), most = f->columns > 2 ? f->columns - 1 : 1;
    if (width > most) width = most;
    size_t across = (most + 2) / (width + 2), room = rows > f->rows + 2 ? rows - f->rows - 1 : 2;
    if (!across) across = 1;
    if (room > 12) room = 12;
    size_t down = (m->count + across - 1) / across, chosen_row = e->menu_at < m->count ? e->menu_at / across : 0;
    size_t first = chosen_row >= room ? chosen_row - room + 1 : 0;
    for (size_t row = first; row < down && row < first + room; row++) {
        frame_newline(f);
        for (size_t i = row * across; i < (row + 1) * across && i < m->count; i++) {
            frame_tab_to(f, (unsigned)(i % across) * (width + 2));
            put_candidate(f, &m->at[i], i == e->menu_at, label, width);
        }
    }
    if (down > room) {
        char more[64];
        int size = snprintf(more, sizeof more, "rows %zu to %zu of %zu", first + 1, first + room < down ? first + room : down, down);
        frame_newline(f);
        frame_put(f, more, (size_t)size, FAINT);
    }
}

/* Below the last row, wherever the text's cursor is. */
static void below(struct frame *f)
{
    f->row = f->rows - 1;
}

void view_draw(const struct view *view, const struct editor *e, struct frame *f)
{
    unsigned indent = put_line(view, e, f), row;
    put_suggestion(e, f, indent, view->rows);
    row = 0;
    for (const char *at = view->prompt; *at; at++) row += *at == '\n';
    put_right(view, f, row < f->rows ? row : f->rows - 1);
    below(f);
    if (e->searching) put_search(e, f);
    else if (e->menu.count) put_menu(e, f, view->rows);
    if (view->message && *view->message) {
        below(f);
        frame_newline(f);
        frame_put(f, view->message, strlen(view->message), FAINT);
    }
    frame_crop(f, view->rows);
}

void view_draw_final(const struct view *view, const struct editor *e, struct frame *f)
{
    put_line(view, e, f);
    below(f);
    f->cursor_row = f->row, f->cursor_column = f->column < f->columns ? f->column : f->columns - 1;
    frame_crop(f, view->rows);
}
