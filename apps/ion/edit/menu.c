/* SPDX-License-Identifier: MIT
 * The list of completions below the line. Tab, Shift-Tab and the arrows choose, and the line shows what is chosen; Enter and any
 * other key keep it; Escape and Ctrl-G give back what was typed. */
#include "edit/editor.h"
#include "value/mem.h"
#include <stdlib.h>
#include <string.h>

void completions_add(struct completions *c, const char *text, const char *label, const char *description)
{
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? c->capacity * 2 : 32;
        c->at = heap_resize(c->at, c->capacity * sizeof *c->at);
    }
    c->at[c->count++] = (struct candidate){heap_copy(text), label ? heap_copy(label) : nullptr, description ? heap_copy(description) : nullptr};
}

void completions_fini(struct completions *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->at[i].text);
        free(c->at[i].label);
        free(c->at[i].description);
    }
    free(c->at);
    *c = (struct completions){};
}

void menu_close(struct editor *e)
{
    completions_fini(&e->menu);
    free(e->menu_original);
    e->menu_original = nullptr;
    e->menu_at = 0;
}

/* The text in the place of the word; menu.to follows its end. */
static void put(struct editor *e, const char *text)
{
    e->line.cursor = e->menu.to;
    line_remove(&e->line, e->menu.from, e->menu.to);
    line_insert(&e->line, text, strlen(text));
    e->menu.to = e->line.cursor;
}

static size_t common_prefix(const struct completions *c)
{
    size_t size = strlen(c->at[0].text);
    for (size_t i = 1; i < c->count; i++) {
        size_t same = 0;
        while (same < size && c->at[i].text[same] == c->at[0].text[same]) same++;
        size = same;
    }
    while (size && ((unsigned char)c->at[0].text[size] & 0xc0) == 0x80) size--;
    return size;
}

void editor_offer(struct editor *e, struct completions *offered)
{
    menu_close(e);
    if (!offered->count || offered->to > e->line.size || offered->from > offered->to) {
        completions_fini(offered);
        return;
    }
    e->menu = *offered;
    *offered = (struct completions){};
    size_t typed = e->menu.to - e->menu.from, common = common_prefix(&e->menu);
    char *start = heap_alloc(common + 1);
    memcpy(start, e->menu.at[0].text, common);
    start[common] = 0;
    e->menu_original = heap_alloc(typed + 1);
    memcpy(e->menu_original, e->line.text + e->menu.from, typed);
    e->menu_original[typed] = 0;
    line_remember(&e->line, 0);
    if (e->menu.count == 1) {
        put(e, e->menu.at[0].text);
        menu_close(e);
    } else {
        if (common > typed || (common == typed && memcmp(start, e->menu_original, typed))) {
            put(e, start);
            free(e->menu_original);
            e->menu_original = heap_copy(start);
        }
        e->menu_at = e->menu.count;
    }
    free(start);
    editor_changed(e);
}

static void choose(struct editor *e, size_t at)
{
    e->menu_at = at;
    put(e, at < e->menu.count ? e->menu.at[at].text : e->menu_original);
}

bool menu_key(struct editor *e, const struct press *key)
{
    size_t count = e->menu.count, at = e->menu_at;
    bool ctrl = key->code == KEY_CHARACTER && key->mods == MOD_CTRL, chosen = at < count;
    if ((key->code == KEY_TAB && key->mods & MOD_SHIFT) || key->code == KEY_UP || (ctrl && key->character == 'p')) {
        choose(e, at == 0 || at > count ? count - 1 : at - 1);
    } else if (key->code == KEY_TAB || key->code == KEY_DOWN || (ctrl && key->character == 'n')) {
        choose(e, at + 1 < count ? at + 1 : 0);
    } else if (key->code == KEY_RIGHT && chosen) {
        choose(e, at + 1 < count ? at + 1 : 0);
    } else if (key->code == KEY_LEFT && chosen) {
        choose(e, at ? at - 1 : count - 1);
    } else if (key->code == KEY_ESCAPE || (ctrl && key->character == 'g')) {
        choose(e, count);
        menu_close(e);
    } else if (key->code == KEY_ENTER && chosen) {
        menu_close(e);
    } else {
        menu_close(e);
        return false;
    }
    return true;
}
