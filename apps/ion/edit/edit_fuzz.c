/* SPDX-License-Identifier: MIT
 * Bytes of chance as a terminal's: decoder, editor (emacs keys, or vi keys when the first byte is odd), lexer, view and change. The
 * text stays whole UTF-8 with its cursor between code points, and frames never leave their bounds (the sanitizers look). */
#include "edit/view.h"
#include "value/mem.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool complete(void *, const char *text, size_t size)
{
    return size % 3 != 0 || !text;
}

static enum known known(void *, const char *, size_t size)
{
    return (enum known)(size % 3);
}

static void look(struct editor *e, struct frame *shown, struct frame *next, unsigned columns)
{
    struct output out = {};
    struct view view = {.prompt = "\x1b[1mp>\x1b[0m ", .right = "r", .columns = columns, .rows = 8, .command_known = known};
    view_draw(&view, e, next);
    if (next->cursor_row >= next->rows || next->cursor_column >= next->columns || next->rows > 8) abort();
    frame_change(shown, next, &out);
    free(out.at);
    struct frame was = *shown;
    *shown = *next, *next = was;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decoder d = {};
    struct editor e;
    struct history h;
    struct frame shown = {}, next = {};
    struct press key;
    history_init(&h, nullptr, 50);
    history_add(&h, "echo one", 8, 0);
    history_add(&h, "if true\necho two\nend", 20, 0);
    editor_init(&e, &h, complete, nullptr);
    if (size && data[0] & 1) e.mode = MODE_VI_INSERT;
    for (size_t i = 1; i < size && e.line.size < 5000; i++) {
        if (!decoder_feed(&d, (char)data[i], &key) && !(data[i] == 0xfe && decoder_timeout(&d, &key))) continue;
        enum editor_event event = editor_key(&e, &key);
        if (e.line.cursor > e.line.size || e.line.text[e.line.size]) abort();
        if (((unsigned char)e.line.text[e.line.cursor] & 0xc0) == 0x80) abort();
        if (event == EVENT_COMPLETE) {
            struct completions found = {.from = e.line.cursor / 2, .to = e.line.cursor};
            while (found.from && ((unsigned char)e.line.text[found.from] & 0xc0) == 0x80) found.from--;
            completions_add(&found, "file ", nullptr, "a file");
            if (data[0] & 2) completions_add(&found, "fold\xc3\xa4/", "fold/", nullptr);
            editor_offer(&e, &found);
        } else if (event == EVENT_RUN) {
            history_add(&h, e.line.text, e.line.size, 1);
            editor_begin(&e);
        } else if (event != EVENT_NONE) {
            editor_begin(&e);
        }
        look(&e, &shown, &next, 1 + data[0] % 40);
    }
    decoder_fini(&d);
    editor_fini(&e);
    history_fini(&h);
    frame_fini(&shown);
    frame_fini(&next);
    return 0;
}
