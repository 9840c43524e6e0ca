/* SPDX-License-Identifier: MIT
 * `[SEL]` after a value, and ranges of numbers and letters that loops walk without building them. */
#include "expand/expand.h"
#include "value/text.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool whole_number(const char *text, long *out_number)
{
    bool negative = *text == '-';
    const char *digits = text + (negative || *text == '+');
    long value = 0;
    if (!*digits) return false;
    for (; *digits; digits++) {
        int digit = *digits - '0';
        if (digit < 0 || digit > 9) return false;
        if (__builtin_mul_overflow(value, 10l, &value) || __builtin_sub_overflow(value, (long)digit, &value)) return false;
    }
    if (!negative && __builtin_sub_overflow(0l, value, &value)) return false;
    *out_number = value;
    return true;
}

struct slice slice_parse(const char *text)
{
    struct slice slice = {.kind = SLICE_KEY, .text = text};
    if (whole_number(text, &slice.from)) {
        slice.kind = SLICE_INDEX;
        return slice;
    }
    const char *dots = strstr(text, "..");
    if (!dots) return slice;
    const char *right = dots + 2;
    if (*right == '.' || *right == '=') slice.inclusive = true, right++;
    char left[32] = "";
    if ((size_t)(dots - text) >= sizeof left) return slice;
    memcpy(left, text, (size_t)(dots - text));
    if (*left && !whole_number(left, &slice.from)) return slice;
    slice.open_end = !*right;
    if (*right && !whole_number(right, &slice.to)) return slice;
    slice.kind = SLICE_RANGE;
    return slice;
}

bool slice_resolve(const struct slice *slice, size_t length, size_t *out_start, size_t *out_end)
{
    long size = (long)length;
    if (slice->from < -size || slice->to < -size - 1) return false;
    long start = slice->from < 0 ? size + slice->from : slice->from;
    if (start >= size) return false;
    long end = slice->kind == SLICE_INDEX ? start + 1
               : slice->open_end          ? size
                                          : (slice->to < 0 ? size + slice->to : slice->to) + (slice->to < size && slice->inclusive);
    if (end < start) return false;
    *out_start = (size_t)start;
    *out_end = (size_t)(end > size ? size : end);
    return true;
}

char *slice_string(struct shell *sh, const char *text, const struct slice *slice)
{
    size_t start, end;
    if (slice->kind == SLICE_KEY || !slice_resolve(slice, grapheme_count(text), &start, &end)) return "";
    for (size_t i = 0; i < start; i++) text += grapheme_size(text);
    const char *past = text;
    for (size_t i = start; i < end; i++) past += grapheme_size(past);
    return arena_copy(&sh->scratch, text, (size_t)(past - text));
}

static int padded_width(const char *text)
{
    const char *digits = *text == '-' ? text + 1 : text;
    return digits[0] == '0' && digits[1] ? (int)strlen(text) : 0;
}

static bool endpoint(const char *text, long *out_value, bool *out_letter)
{
    *out_letter = isalpha((unsigned char)text[0]) && !text[1];
    if (!*out_letter) return whole_number(text, out_value);
    *out_value = *text;
    return true;
}

bool range_parse(const char *text, struct range *range)
{
    char parts[3][32];
    size_t count = 0;
    bool inclusive = false;
    for (;;) {
        const char *dots = strstr(text, "..");
        size_t size = dots ? (size_t)(dots - text) : strlen(text);
        if (count == 3 || size >= sizeof parts[0]) return false;
        memcpy(parts[count], text, size);
        parts[count++][size] = 0;
        if (!dots) break;
        text = dots + 2;
        if (inclusive) return false;
        if (*text == '.' || *text == '=') inclusive = true, text++;
    }
    bool first_letter, last_letter;
    long last, step = 1;
    if (count < 2 || !endpoint(parts[0], &range->from, &first_letter)) return false;
    if (!endpoint(parts[count - 1], &last, &last_letter) || first_letter != last_letter) return false;
    if (count == 3 && (!whole_number(parts[1], &step) || !step)) return false;
    bool down = last < range->from;
    unsigned long magnitude = step < 0 ? -(unsigned long)step : (unsigned long)step;
    if (count == 3 && !first_letter && down != (step < 0)) return false;
    unsigned long distance = down ? (unsigned long)range->from - (unsigned long)last : (unsigned long)last - (unsigned long)range->from;
    range->step = down ? (long)-magnitude : (long)magnitude;
    range->count = inclusive ? distance / magnitude + 1 : distance / magnitude + (distance % magnitude != 0);
    range->letters = first_letter;
    int first_width = padded_width(parts[0]), last_width = padded_width(parts[count - 1]);
    size_t longest = strlen(parts[0]) > strlen(parts[count - 1]) ? strlen(parts[0]) : strlen(parts[count - 1]);
    range->width = first_letter || (!first_width && !last_width) ? 0 : (int)longest;
    return true;
}

char *range_at(struct arena *arena, const struct range *range, unsigned long index)
{
    long value = (long)((unsigned long)range->from + (unsigned long)range->step * index);
    if (range->letters) return arena_print(arena, "%c", (int)value);
    return range->width ? arena_print(arena, "%0*ld", range->width, value) : arena_number(arena, value);
}
