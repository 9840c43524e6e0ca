/* SPDX-License-Identifier: MIT
 * `${c::bold,red,0xFF8800bg}`: one ANSI sequence, attributes first, then the foreground, then the background. */
#include "expand/expand.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct color_parts {
    struct list attributes;
    char *front, *back;
};

static const struct { const char *name, *code; } ATTRIBUTES[] = {
    {"bold", "1"}, {"dim", "2"}, {"underlined", "4"}, {"blink", "5"}, {"reverse", "7"}, {"hidden", "8"}};
static const struct { const char *name; int code; } COLORS[] = {
    {"black", 30}, {"red", 31}, {"green", 32}, {"yellow", 33}, {"blue", 34}, {"magenta", 35}, {"cyan", 36}, {"light_gray", 37},
    {"default", 39}, {"dark_gray", 90}, {"light_red", 91}, {"light_green", 92}, {"light_yellow", 93}, {"light_blue", 94},
    {"light_magenta", 95}, {"light_cyan", 96}};

/* A digit of 0xRGB. */
static unsigned shade(char c)
{
    static const uint8_t LETTERS[] = {180, 195, 210, 225, 240, 255};
    return isdigit((unsigned char)c) ? (unsigned)(c - '0') * 16 : LETTERS[(c | 32) - 'a'];
}

static char *numbered(struct shell *sh, const char *text, int base)
{
    char *end;
    bool hex = !strncmp(text, "0x", 2);
    const char *digits = hex ? text + 2 : text;
    size_t size = strlen(digits);
    unsigned long number = strtoul(digits, &end, hex ? 16 : 10);
    if (*end || !isxdigit((unsigned char)*digits)) return nullptr;
    if (hex && size == 6)
        return arena_print(&sh->scratch, "%d;2;%lu;%lu;%lu", base, number >> 16, number >> 8 & 255, number & 255);
    if (hex && size == 3) return arena_print(&sh->scratch, "%d;2;%u;%u;%u", base, shade(digits[0]), shade(digits[1]), shade(digits[2]));
    return number < 256 && (!hex || size < 3) ? arena_print(&sh->scratch, "%d;5;%lu", base, number) : nullptr;
}

static bool add_color(struct shell *sh, char *color, struct color_parts *to)
{
    for (size_t i = 0; i < sizeof ATTRIBUTES / sizeof *ATTRIBUTES; i++)
        if (!strcmp(color, ATTRIBUTES[i].name)) return list_add(&to->attributes, (char *)ATTRIBUTES[i].code), true;
    if (!strcmp(color, "whitebg")) return to->back = "107", true;
    size_t size = strlen(color);
    bool background = size > 2 && !strcmp(color + size - 2, "bg");
    char *name = arena_copy(&sh->scratch, color, background ? size - 2 : size), *code = nullptr;
    for (size_t i = 0; i < sizeof COLORS / sizeof *COLORS && !code; i++)
        if (!strcmp(name, COLORS[i].name)) code = arena_number(&sh->scratch, COLORS[i].code + (background ? 10 : 0));
    if (!code) code = numbered(sh, name, background ? 48 : 38);
    if (!code) return fail(sh, "expansion error: could not parse '%s' as a color", color);
    *(background ? &to->back : &to->front) = code;
    return true;
}

bool color_text(struct shell *sh, char *list, char **out_text)
{
    struct color_parts parts = {.attributes = list_make(&sh->scratch)};
    char *rest;
    if (!*list) return fail(sh, "expansion error: no properties given to color");
    for (char *color = strtok_r(list, ",", &rest); color; color = strtok_r(nullptr, ",", &rest)) {
        if (!strcmp(color, "reset")) return *out_text = "\x1b[0m", true;
        if (!add_color(sh, color, &parts)) return false;
    }
    if (parts.front) list_add(&parts.attributes, parts.front);
    if (parts.back) list_add(&parts.attributes, parts.back);
    *out_text = arena_print(&sh->scratch, "\x1b[%sm", parts.attributes.count ? list_join(&parts.attributes, ";") : "");
    return true;
}
