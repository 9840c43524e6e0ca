/* SPDX-License-Identifier: MIT
 * What the editor's state looks like: a pure function from state to frame. */
#pragma once
#include "edit/editor.h"
#include "edit/frame.h"

enum known : uint8_t { KNOWN_NO, KNOWN_YES, KNOWN_NOT_YET };
struct view {
    const char *prompt, *right;      /* with colour sequences */
    unsigned columns, rows;          /* of the terminal */
    bool plain;                      /* a terminal without colours */
    enum known (*command_known)(void *context, const char *name, size_t size);
    void *context;
    const char *message;             /* below the line; may be null */
};
void view_draw(const struct view *view, const struct editor *editor, struct frame *frame);
/* The same with nothing but the prompt and the line: what stays on the screen once it runs. */
void view_draw_final(const struct view *view, const struct editor *editor, struct frame *frame);
