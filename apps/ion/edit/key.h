/* SPDX-License-Identifier: MIT
 * What a terminal sends, as keys. The decoder is a state machine over bytes without any input or output of its own: feed it, and
 * tell it when nothing more came after a byte that could begin something (a lone Escape). What it does not know it swallows. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum key_code : uint8_t {
    KEY_CHARACTER, KEY_ENTER, KEY_TAB, KEY_BACKSPACE, KEY_ESCAPE, KEY_UP, KEY_DOWN, KEY_LEFT, KEY_RIGHT, KEY_HOME, KEY_END,
    KEY_INSERT, KEY_DELETE, KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_FUNCTION, KEY_PASTE,
    KEY_CURSOR_AT,           /* no key: the terminal's answer where its cursor is */
};
enum { MOD_SHIFT = 1, MOD_ALT = 2, MOD_CTRL = 4 };

struct press {
    enum key_code code;
    uint8_t mods;
    uint32_t character;      /* KEY_CHARACTER: lower case with MOD_CTRL; KEY_FUNCTION: its number; KEY_CURSOR_AT: the row << 16 and column */
    const char *paste;       /* KEY_PASTE: valid until the next byte is fed */
    size_t paste_size;
};

enum { SEQUENCE_MAX = 32, PASTE_MAX = 1 << 20 };
struct decoder {
    enum : uint8_t { DECODE_GROUND, DECODE_ESCAPE, DECODE_CSI, DECODE_SS3, DECODE_STRING, DECODE_UTF8, DECODE_PASTE } state;
    bool alt;                /* an Escape came before */
    uint8_t wanted;          /* bytes of a code point, all of them */
    char bytes[SEQUENCE_MAX];
    size_t size;
    char *paste;
    size_t paste_size, paste_capacity;
};

/* True when the byte completed a key. */
bool decoder_feed(struct decoder *decoder, char byte, struct press *out_key);
/* Something is begun that only time can end. */
bool decoder_waits(const struct decoder *decoder);
bool decoder_timeout(struct decoder *decoder, struct press *out_key);
void decoder_fini(struct decoder *decoder);
