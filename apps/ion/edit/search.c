/* SPDX-License-Identifier: MIT
 * Incremental search through the history (Ctrl-R, Ctrl-S): what was found is in the editor's walk, newest first; small letters
 * stand for both. */
#include "edit/editor.h"
#include "edit/width.h"
#include "value/mem.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool has(const char *text, const char *query)
{
    for (const char *c = query; *c; c++)
        if (isupper((unsigned char)*c)) return strstr(text, query) != nullptr;
    return strcasestr(text, query) != nullptr;
}

static void look(struct editor *e)
{
    const struct history *h = e->history;
    e->found_count = 0;
    for (size_t i = h->count; i-- && e->query_size;)
        if (has(h->entries[i].text, e->query)) e->found[e->found_count++] = i;
    e->found_at = e->found_count ? 1 : 0;
}

void search_begin(struct editor *e, bool back)
{
    if (!e->history) return;
    editor_walk_end(e);
    e->found = heap_alloc((e->history->count + 1) * sizeof *e->found);
    e->searching = true;
    e->query_size = 0;
    e->query[0] = 0;
    free(e->suggestion);
    e->suggestion = nullptr;
    if (e->line.size && e->line.size < sizeof e->query && !memchr(e->line.text, '\n', e->line.size)) {
        memcpy(e->query, e->line.text, e->line.size + 1);
        e->query_size = e->line.size;
    }
    look(e);
    if (!back) e->found_at = e->found_count;
}

const char *search_found(const struct editor *e)
{
    return e->found_at ? e->history->entries[e->found[e->found_at - 1]].text : nullptr;
}

static void leave(struct editor *e, bool keep)
{
    const char *found = search_found(e);
    e->searching = false;
    if (keep && found) line_set(&e->line, found, strlen(found));
    editor_walk_end(e);
    editor_changed(e);
}

enum editor_event search_key(struct editor *e, const struct press *key)
{
    bool ctrl = key->code == KEY_CHARACTER && key->mods & MOD_CTRL;
    if ((ctrl && key->character == 'r') || key->code == KEY_UP) {
        if (e->found_at < e->found_count) e->found_at++;
    } else if ((ctrl && key->character == 's') || key->code == KEY_DOWN) {
        if (e->found_at > 1) e->found_at--;
    } else if (ctrl && (key->character == 'g' || key->character == 'c')) {
        leave(e, false);
    } else if (key->code == KEY_BACKSPACE) {
        if (e->query_size) e->query_size = cluster_before(e->query, e->query_size, e->query_size);
        e->query[e->query_size] = 0;
        look(e);
    } else if (key->code == KEY_CHARACTER && !key->mods) {
        if (e->query_size + 5 < sizeof e->query) e->query_size += utf8_encode(key->character, e->query + e->query_size);
        e->query[e->query_size] = 0;
        look(e);
    } else {
        leave(e, true);
        if (key->code != KEY_ESCAPE) return editor_key(e, key);
    }
    return EVENT_NONE;
}
