/* SPDX-License-Identifier: MIT
 * What the decoder promises. */
#include "edit/editor.h"
#include "unit/unit.h"
#include <string.h>

/* The keys of the bytes, at most 8; how many. */
static size_t decode(const char *text, struct press *keys)
{
    struct decoder d = {};
    size_t count = 0;
    for (; *text && count < 8; text++) count += decoder_feed(&d, *text, &keys[count]);
    if (decoder_waits(&d) && count < 8) count += decoder_timeout(&d, &keys[count]);
    decoder_fini(&d);
    return count;
}

static bool is(const char *text, enum key_code code, unsigned mods, uint32_t character)
{
    struct press keys[8];
    return decode(text, keys) == 1 && keys[0].code == code && keys[0].mods == mods && keys[0].character == character;
}

TEST(characters_are_code_points)
{
    CHECK(is("a", KEY_CHARACTER, 0, 'a'));
    CHECK(is("\xc3\xa4", KEY_CHARACTER, 0, 0xe4));
    CHECK(is("\xf0\x9f\x98\x80", KEY_CHARACTER, 0, 0x1f600));
    CHECK(is("\xff", KEY_CHARACTER, 0, 0xfffd));
}

TEST(control_and_alt_are_modifiers)
{
    CHECK(is("\x01", KEY_CHARACTER, MOD_CTRL, 'a'));
    CHECK(is("\x1f", KEY_CHARACTER, MOD_CTRL, '_'));
    CHECK(is("\x1b.", KEY_CHARACTER, MOD_ALT, '.'));
    CHECK(is("\x1b\x7f", KEY_BACKSPACE, MOD_ALT, 0));
    CHECK(is("\x1b\r", KEY_ENTER, MOD_ALT, 0));
}

TEST(sequences_are_keys)
{
    CHECK(is("\x1b[A", KEY_UP, 0, 0));
    CHECK(is("\x1bOD", KEY_LEFT, 0, 0));
    CHECK(is("\x1b[1;5C", KEY_RIGHT, MOD_CTRL, 0));
    CHECK(is("\x1b[3~", KEY_DELETE, 0, 0));
    CHECK(is("\x1b[3;5~", KEY_DELETE, MOD_CTRL, 0));
    CHECK(is("\x1b[Z", KEY_TAB, MOD_SHIFT, 0));
    CHECK(is("\x1b[97;5u", KEY_CHARACTER, MOD_CTRL, 'a'));
    CHECK(is("\x1b[27;2;13~", KEY_ENTER, MOD_SHIFT, 0));
    CHECK(is("\x1b[15~", KEY_FUNCTION, 0, 5));
    CHECK(is("\x1b\x1b[A", KEY_UP, MOD_ALT, 0));
}

TEST(a_lone_escape_is_a_key_after_a_while)
{
    CHECK(is("\x1b", KEY_ESCAPE, 0, 0));
    struct press keys[8];
    CHECK_EQUAL(decode("\x1b]0;title\x07" "a", keys), 1);
    CHECK_EQUAL(keys[0].character, 'a');
    CHECK_EQUAL(decode("\x1b[?62;c" "b", keys), 1);
    CHECK_EQUAL(keys[0].character, 'b');
}

static bool name_comes_back(const char *name, enum key_code code, unsigned mods, uint32_t character)
{
    struct press key;
    char printed[48];
    if (!key_parse(name, &key)) return false;
    struct binding binding = {.code = key.code, .mods = key.mods, .character = key.character};
    key_print(&binding, printed, sizeof printed);
    return CHECK_TEXT(printed, name) && key.code == code && key.mods == mods && key.character == character;
}

TEST(keys_have_names)
{
    struct press key;
    CHECK(name_comes_back("Ctrl-g", KEY_CHARACTER, MOD_CTRL, 'g'));
    CHECK(name_comes_back("Ctrl-Alt-x", KEY_CHARACTER, MOD_CTRL | MOD_ALT, 'x'));
    CHECK(name_comes_back("Alt-é", KEY_CHARACTER, MOD_ALT, 0xe9));
    CHECK(name_comes_back("Shift-F12", KEY_FUNCTION, MOD_SHIFT, 12));
    CHECK(name_comes_back("PageUp", KEY_PAGE_UP, 0, 0));
    CHECK(key_parse("ctrl-G", &key) && key.character == 'g');
    CHECK(key_parse("Alt--", &key) && key.character == '-');
    CHECK(!key_parse("a", &key));
    CHECK(!key_parse("Shift-a", &key));
    CHECK(!key_parse("F13", &key));
    CHECK(!key_parse("Ctrl-", &key));
    CHECK(!key_parse("", &key));
}

TEST(the_terminal_says_where_its_cursor_is)
{
    CHECK(is("\x1b[24;80R", KEY_CURSOR_AT, 0, 24 << 16 | 80));
    CHECK(is("\x1b[1;2R", KEY_FUNCTION, MOD_SHIFT, 3));
}

TEST(a_paste_is_one_key_and_clean)
{
    struct decoder d = {};
    struct press key;
    const char *text = "\x1b[200~a\rb\r\nc\x1b[20\x01\td\xff\x1b[201~";
    size_t count = 0;
    for (const char *at = text; *at; at++) {
        if (!decoder_feed(&d, *at, &key)) continue;
        count++;
        CHECK_EQUAL(key.code, KEY_PASTE);
        CHECK_EQUAL(key.paste_size, 10);
        CHECK(!memcmp(key.paste, "a\nb\nc[20\td", 10));
    }
    CHECK_EQUAL(count, 1);
    decoder_fini(&d);
}
