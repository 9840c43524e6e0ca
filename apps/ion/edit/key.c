/* SPDX-License-Identifier: MIT
 * The decoder (key.h): ground, Escape, CSI, SS3, strings that are skipped, UTF-8, and a bracketed paste, which ends only with
 * its own bracket. */
#include "edit/key.h"
#include "edit/width.h"
#include "value/mem.h"
#include <stdlib.h>
#include <string.h>

static const char PASTE_END[] = "\x1b[201~";

static bool emit(struct decoder *d, struct press *out, enum key_code code, unsigned mods, uint32_t character)
{
    *out = (struct press){.code = code, .mods = (uint8_t)(mods | (d->alt ? MOD_ALT : 0)), .character = character};
    d->state = DECODE_GROUND;
    d->alt = false;
    d->size = 0;
    return true;
}

static bool nothing(struct decoder *d)
{
    d->state = DECODE_GROUND;
    d->alt = false;
    d->size = 0;
    return false;
}

static bool emit_plain(struct decoder *d, struct press *out, uint32_t c, unsigned mods)
{
    if (c == '\r' || c == '\n') return emit(d, out, KEY_ENTER, mods, 0);
    if (c == '\t') return emit(d, out, KEY_TAB, mods, 0);
    if (c == 0x7f || c == 8) return emit(d, out, KEY_BACKSPACE, mods, 0);
    if (c == 0) return emit(d, out, KEY_CHARACTER, mods | MOD_CTRL, ' ');
    if (c < 0x20) return emit(d, out, KEY_CHARACTER, mods | MOD_CTRL, c < 27 ? c - 1 + 'a' : c + 0x40);
    return emit(d, out, KEY_CHARACTER, mods, c);
}

static bool feed_ground(struct decoder *d, char byte, struct press *out)
{
    unsigned char c = (unsigned char)byte;
    if (c == 0x1b) {
        d->state = DECODE_ESCAPE;
        return false;
    }
    if (c < 0x80) return emit_plain(d, out, c, 0);
    d->wanted = c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc2 && c < 0xe0 ? 2 : 0;
    if (!d->wanted) return emit(d, out, KEY_CHARACTER, 0, 0xfffd);
    d->state = DECODE_UTF8;
    d->bytes[0] = byte;
    d->size = 1;
    return false;
}

static bool feed_utf8(struct decoder *d, char byte, struct press *out)
{
    size_t bytes;
    if (((unsigned char)byte & 0xc0) != 0x80) {
        /* The broken one is dropped; this byte begins something of its own. */
        nothing(d);
        return feed_ground(d, byte, out);
    }
    d->bytes[d->size++] = byte;
    if (d->size < d->wanted) return false;
    uint32_t c = utf8_decode(d->bytes, d->size, 0, &bytes);
    return emit(d, out, KEY_CHARACTER, 0, c);
}

static bool feed_escape(struct decoder *d, char byte, struct press *out)
{
    switch (byte) {
    case '[': d->state = DECODE_CSI, d->size = 0; return false;
    case 'O': d->state = DECODE_SS3; return false;
    case ']':
    case 'P':
    case '_':
    case '^': d->state = DECODE_STRING; return false;
    case 0x1b:
        if (d->alt) return emit(d, out, KEY_ESCAPE, 0, 0);
        d->alt = true; /* Escape in front of a sequence: some terminals send Alt so */
        return false;
    default: break;
    }
    d->alt = true;
    return feed_ground(d, byte, out);
}

static bool letter_key(struct decoder *d, char letter, unsigned mods, struct press *out)
{
    switch (letter) {
    case 'A': return emit(d, out, KEY_UP, mods, 0);
    case 'B': return emit(d, out, KEY_DOWN, mods, 0);
    case 'C': return emit(d, out, KEY_RIGHT, mods, 0);
    case 'D': return emit(d, out, KEY_LEFT, mods, 0);
    case 'F': return emit(d, out, KEY_END, mods, 0);
    case 'H': return emit(d, out, KEY_HOME, mods, 0);
    case 'M': return emit(d, out, KEY_ENTER, mods, 0);
    case 'Z': return emit(d, out, KEY_TAB, mods | MOD_SHIFT, 0);
    case 'P':
    case 'Q':
    case 'R':
    case 'S': return emit(d, out, KEY_FUNCTION, mods, (uint32_t)(letter - 'P' + 1));
    default: return nothing(d);
    }
}

static bool number_key(struct decoder *d, unsigned number, unsigned mods, struct press *out)
{
    switch (number) {
    case 1:
    case 7: return emit(d, out, KEY_HOME, mods, 0);
    case 2: return emit(d, out, KEY_INSERT, mods, 0);
    case 3: return emit(d, out, KEY_DELETE, mods, 0);
    case 4:
    case 8: return emit(d, out, KEY_END, mods, 0);
    case 5: return emit(d, out, KEY_PAGE_UP, mods, 0);
    case 6: return emit(d, out, KEY_PAGE_DOWN, mods, 0);
    case 200:
        nothing(d);
        d->state = DECODE_PASTE;
        d->paste_size = 0;
        return false;
    default: break;
    }
    if (number >= 11 && number <= 24) {
        static const uint8_t FUNCTIONS[] = {1, 2, 3, 4, 5, 0, 6, 7, 8, 9, 10, 0, 11, 12};
        if (FUNCTIONS[number - 11]) return emit(d, out, KEY_FUNCTION, mods, FUNCTIONS[number - 11]);
    }
    return nothing(d);
}

static bool csi_key(struct decoder *d, char final, struct press *out)
{
    unsigned numbers[4] = {0}, count = 0;
    for (size_t i = 0; i < d->size && count < 4; i++) {
        char c = d->bytes[i];
        if (c == ';') count++;
        else if (c >= '0' && c <= '9') numbers[count] = numbers[count] < 10000000 ? numbers[count] * 10 + (unsigned)(c - '0') : numbers[count];
        else if (c == ':') while (i + 1 < d->size && d->bytes[i + 1] != ';') i++;
        else return nothing(d); /* a private sequence: an answer that nobody waits for */
    }
    /* In the first row it would be F3 with Shift and the like. */
    if (final == 'R' && count == 1 && numbers[0] > 1 && numbers[0] < 0x10000 && numbers[1] < 0x10000)
        return emit(d, out, KEY_CURSOR_AT, 0, numbers[0] << 16 | numbers[1]);
    unsigned mods = numbers[1] ? (numbers[1] - 1) & 7 : 0;
    if (final == '~' && numbers[0] == 27 && count >= 2) final = 'u', numbers[0] = numbers[2];
    if (final == '~') return number_key(d, numbers[0], mods, out);
    if (final != 'u') return letter_key(d, final, mods, out);
    uint32_t c = numbers[0];
    if (c == 27) return emit(d, out, KEY_ESCAPE, mods, 0);
    if (c < 0x20 || c == 0x7f) return c == '\r' || c == '\t' || c == 8 || c == 0x7f ? emit_plain(d, out, c, mods) : nothing(d);
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return nothing(d);
    return emit(d, out, KEY_CHARACTER, mods & ~(unsigned)MOD_SHIFT, c);
}

static bool feed_csi(struct decoder *d, char byte, struct press *out)
{
    if (byte == 0x1b) {
        nothing(d);
        d->state = DECODE_ESCAPE;
        return false;
    }
    if (byte < 0x20 || byte == 0x7f) return nothing(d);
    if ((unsigned char)byte >= 0x80) return nothing(d);
    if (byte >= 0x40) return csi_key(d, byte, out);
    if (d->size < SEQUENCE_MAX) d->bytes[d->size++] = byte;
    return false;
}

static void paste_byte(struct decoder *d, char byte)
{
    if (d->paste_size == PASTE_MAX) return;
    if (d->paste_size == d->paste_capacity) {
        d->paste_capacity = d->paste_capacity ? d->paste_capacity * 2 : 4096;
        d->paste = heap_resize(d->paste, d->paste_capacity);
    }
    d->paste[d->paste_size++] = byte;
}

/* Carriage returns become newlines; control characters and what is not UTF-8 go. */
static void clean_paste(struct decoder *d)
{
    size_t kept = 0;
    for (size_t at = 0, bytes; at < d->paste_size; at += bytes) {
        uint32_t c = utf8_decode(d->paste, d->paste_size, at, &bytes);
        bool pair = c == '\r' && at + 1 < d->paste_size && d->paste[at + 1] == '\n';
        if (c == '\r' && !pair) d->paste[kept++] = '\n';
        if (c < 0x20 ? c != '\n' && c != '\t' : c == 0x7f || (c == 0xfffd && bytes == 1) || (c >= 0x80 && c < 0xa0)) continue;
        memmove(d->paste + kept, d->paste + at, bytes);
        kept += bytes;
    }
    d->paste_size = kept;
}

static bool feed_paste(struct decoder *d, char byte, struct press *out)
{
    /* bytes[0..size) is what has come of the end bracket */
    if (byte != PASTE_END[d->size]) {
        for (size_t i = 0; i < d->size; i++) paste_byte(d, PASTE_END[i]);
        d->size = 0;
        if (byte != PASTE_END[0]) paste_byte(d, byte);
    }
    if (byte == PASTE_END[d->size]) d->size++;
    if (d->size != sizeof PASTE_END - 1) return false;
    clean_paste(d);
    emit(d, out, KEY_PASTE, 0, 0);
    out->paste = d->paste_size ? d->paste : "";
    out->paste_size = d->paste_size;
    return true;
}

bool decoder_feed(struct decoder *d, char byte, struct press *out)
{
    switch (d->state) {
    case DECODE_GROUND: return feed_ground(d, byte, out);
    case DECODE_ESCAPE: return feed_escape(d, byte, out);
    case DECODE_CSI: return feed_csi(d, byte, out);
    case DECODE_SS3: return letter_key(d, byte, 0, out);
    case DECODE_STRING:
        if (byte == 7 || byte == '\\') return nothing(d);
        return false;
    case DECODE_UTF8: return feed_utf8(d, byte, out);
    case DECODE_PASTE: return feed_paste(d, byte, out);
    }
    return false;
}

bool decoder_waits(const struct decoder *d)
{
    return d->state != DECODE_GROUND && d->state != DECODE_PASTE;
}

bool decoder_timeout(struct decoder *d, struct press *out)
{
    switch (d->state) {
    case DECODE_ESCAPE: return d->alt = false, emit(d, out, KEY_ESCAPE, 0, 0);
    case DECODE_CSI: return d->size ? nothing(d) : (d->alt = true, emit(d, out, KEY_CHARACTER, 0, '['));
    case DECODE_SS3: return d->alt = true, emit(d, out, KEY_CHARACTER, 0, 'O');
    case DECODE_STRING:
    case DECODE_UTF8: return nothing(d);
    case DECODE_GROUND:
    case DECODE_PASTE: break;
    }
    return false;
}

void decoder_fini(struct decoder *d)
{
    free(d->paste);
    *d = (struct decoder){};
}
