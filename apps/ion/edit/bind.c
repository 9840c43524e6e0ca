/* SPDX-License-Identifier: MIT
 * Keys by name, and the user's own bindings: `Ctrl-g`, `Alt-Enter`, `F5` and what they do. A key that types cannot be bound. */
#include "edit/editor.h"
#include "edit/width.h"
#include "value/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const NAMES[] = {[KEY_ENTER] = "Enter", [KEY_TAB] = "Tab", [KEY_BACKSPACE] = "Backspace", [KEY_ESCAPE] = "Escape",
    [KEY_UP] = "Up", [KEY_DOWN] = "Down", [KEY_LEFT] = "Left", [KEY_RIGHT] = "Right", [KEY_HOME] = "Home", [KEY_END] = "End",
    [KEY_INSERT] = "Insert", [KEY_DELETE] = "Delete", [KEY_PAGE_UP] = "PageUp", [KEY_PAGE_DOWN] = "PageDown"};
static const struct { const char *name; uint8_t mod; } MODS[] = {{"Ctrl-", MOD_CTRL}, {"Alt-", MOD_ALT}, {"Shift-", MOD_SHIFT}};

void key_print(const struct binding *b, char *out, size_t size)
{
    char character[5] = "";
    if (b->code == KEY_CHARACTER) character[utf8_encode(b->character, character)] = 0;
    if (b->code == KEY_FUNCTION) snprintf(character, sizeof character, "F%u", b->character % 100);
    snprintf(out, size, "%s%s%s%s", b->mods & MOD_CTRL ? "Ctrl-" : "", b->mods & MOD_ALT ? "Alt-" : "", b->mods & MOD_SHIFT ? "Shift-" : "",
             *character ? character : NAMES[b->code]);
}

bool key_parse(const char *name, struct press *out_key)
{
    struct press key = {};
    for (size_t i = 0; i < sizeof MODS / sizeof *MODS; i++) {
        size_t size = strlen(MODS[i].name);
        if (strncasecmp(name, MODS[i].name, size) || !name[size]) continue;
        key.mods |= MODS[i].mod;
        name += size;
        i = (size_t)-1;
    }
    for (size_t i = KEY_ENTER; i < sizeof NAMES / sizeof *NAMES; i++) {
        if (!NAMES[i] || strcasecmp(name, NAMES[i])) continue;
        key.code = (enum key_code)i;
        return *out_key = key, true;
    }
    char *end;
    unsigned long number = (*name == 'F' || *name == 'f') && name[1] ? strtoul(name + 1, &end, 10) : 0;
    if (number >= 1 && number <= 12 && !*end) {
        key.code = KEY_FUNCTION, key.character = (uint32_t)number;
        return *out_key = key, true;
    }
    size_t size = 0;
    key.character = utf8_decode(name, strlen(name), 0, &size);
    if (!*name || name[size] || !(key.mods & (MOD_CTRL | MOD_ALT)) || key.mods & MOD_SHIFT) return false;
    if (key.mods & MOD_CTRL && key.character >= 'A' && key.character <= 'Z') key.character += 'a' - 'A';
    return *out_key = key, true;
}

const struct binding *binding_of_user(const struct editor *e, const struct press *key)
{
    for (size_t i = 0; i < e->binding_count; i++)
        if (binding_is(&e->bindings[i], key)) return &e->bindings[i];
    return nullptr;
}

static void forget(struct editor *e, const struct press *key)
{
    struct binding *old = (struct binding *)binding_of_user(e, key);
    if (!old) return;
    free(old->argument);
    *old = e->bindings[--e->binding_count];
}

const char *editor_bind(struct editor *e, const char *name, const char *action, const char *text)
{
    struct press key;
    const struct action *found = ACTIONS;
    if (!key_parse(name, &key)) return "is no key that can be bound";
    while (found->name && strcmp(found->name, action)) found++;
    bool wants = !strcmp(action, "insert") || !strcmp(action, "run");
    if (!found->name && strcmp(action, "default")) return "has no such action; `keybindings` lists them";
    if (wants != (text != nullptr)) return wants ? "needs a text after its action" : "has a text that its action does not take";
    forget(e, &key);
    if (!found->name) return nullptr;
    e->bindings = heap_resize(e->bindings, (e->binding_count + 1) * sizeof *e->bindings);
    e->bindings[e->binding_count++] = (struct binding){key.code, key.mods, key.character, found, text ? heap_copy(text) : nullptr};
    return nullptr;
}

void editor_forget_bindings(struct editor *e)
{
    while (e->binding_count) free(e->bindings[--e->binding_count].argument);
    free(e->bindings);
    e->bindings = nullptr;
}
