/* SPDX-License-Identifier: MIT
 * What the editor promises, key by key, without a terminal. */
#include "edit/editor.h"
#include "edit/width.h"
#include "unit/unit.h"
#include <stdlib.h>
#include <string.h>

static bool always(void *, const char *, size_t) { return true; }
/* Complete when there are as many `end` as `if`: enough for here. */
static bool balanced(void *, const char *text, size_t size)
{
    int open = 0;
    for (size_t i = 0; i + 2 < size; i++) open += !memcmp(text + i, "if ", 3) ? 1 : 0;
    for (size_t i = 0; i + 2 < size; i++) open -= !memcmp(text + i, "end", 3) ? 1 : 0;
    return open <= 0;
}

static enum editor_event type(struct editor *e, const char *text)
{
    struct decoder d = {};
    struct press key;
    enum editor_event event = EVENT_NONE;
    for (; *text; text++) {
        if (decoder_feed(&d, *text, &key)) event = editor_key(e, &key);
        /* A bar stands for the moment in which nothing comes. */
        if (text[1] == '|' && decoder_waits(&d)) {
            if (decoder_timeout(&d, &key)) event = editor_key(e, &key);
            text++;
        }
    }
    if (decoder_waits(&d) && decoder_timeout(&d, &key)) event = editor_key(e, &key);
    decoder_fini(&d);
    return event;
}

static bool gives(enum editor_mode mode, const char *keys, const char *text, size_t cursor)
{
    struct editor e;
    editor_init(&e, nullptr, always, nullptr);
    e.mode = mode;
    type(&e, keys);
    bool good = CHECK_TEXT(e.line.text, text);
    good = CHECK_EQUAL(e.line.cursor, cursor) && good;
    editor_fini(&e);
    return good;
}

#define EMACS(keys, text, cursor) gives(MODE_EMACS, keys, text, cursor)
#define VI(keys, text, cursor) gives(MODE_VI_INSERT, keys, text, cursor)

TEST(emacs_keys_move)
{
    EMACS("one two\x01", "one two", 0);
    EMACS("one two\x01\x1b" "f", "one two", 3);
    EMACS("one two\x1b" "b\x02", "one two", 3);
    EMACS("a日b\x1b[D\x1b[D", "a日b", 1);
}

TEST(kills_join_and_rotate)
{
    EMACS("one two three\x17\x17\x19", "one two three", 13);
    EMACS("one two\x17x\x17\x19", "one x", 5);
    EMACS("a b\x17y\x01\x0b\x19\x1b" "y", "b", 1);
    EMACS("abc\x01\x0b\x19\x19", "abcabc", 6);
}

TEST(undo_goes_back_by_words_and_redo_on)
{
    EMACS("one two\x18", "one ", 4);
    EMACS("one two\x18\x18", "", 0);
    EMACS("one two\x18\x18\x1b/\x1b/", "one two", 7);
    EMACS("one two\x1br", "", 0);
}

TEST(transposing_and_cases)
{
    EMACS("ab\x14", "ba", 2);
    EMACS("one two\x1bt", "two one", 7);
    EMACS("one two\x01\x1b" "c\x1bu", "One TWO", 7);
}

TEST(vi_motions_and_operators)
{
    VI("one two three\x1b|0dw", "two three", 0);
    VI("one two three\x1b|0d2w", "three", 0);
    VI("one two three\x1b|0wcwTWO\x1b|", "one TWO three", 6);
    VI("one two three\x1b|bD", "one two ", 7);
    VI("one two three\x1b|0fwx", "one to three", 5);
    VI("one two three\x1b|0dtt", "two three", 0);
    VI("one two\x1b|0yw$p", "one twoone ", 10);
    VI("a(b c)d\x1b|0fbdib", "a()d", 2);
    VI("say \"a b\" x\x1b|0fadi\"", "say \"\" x", 5);
    VI("one two\x1b|0daw", "two", 0);
    VI("one\x1b|rX", "onX", 2);
    VI("one\x1b|~", "onE", 2);
    VI("ab\x1b|0xp", "ba", 1);
    VI("ab\x1b|3p", "ab", 1);
}

TEST(vi_repeats_the_last_change)
{
    VI("a b c d\x1b|0dw..", "d", 0);
    VI("x x x\x1b|0cwyy\x1b|w.w.", "yy yy yy", 7);
    VI("abc\x1b|0x..", "", 0);
}

TEST(vi_undo_and_visual)
{
    VI("one\x1b|dduu", "", 0);
    VI("one two\x1b|0dwu", "one two", 0);
    VI("abcdef\x1b|0lvlld", "aef", 1);
    VI("one two\x1b|0viwd", " two", 0);
}

TEST(keys_of_the_user_go_first)
{
    struct editor e;
    editor_init(&e, nullptr, always, nullptr);
    CHECK(!editor_bind(&e, "Ctrl-k", "insert", "{}"));
    CHECK(!editor_bind(&e, "Alt-x", "run", "true"));
    CHECK(!editor_bind(&e, "Ctrl-e", "nothing", nullptr));
    CHECK(editor_bind(&e, "Ctrl-e", "jump", nullptr) != nullptr);
    CHECK(editor_bind(&e, "Ctrl-e", "insert", nullptr) != nullptr);
    CHECK(editor_bind(&e, "Ctrl-e", "undo", "text") != nullptr);
    type(&e, "ab\x01\x0b\x05");
    CHECK_TEXT(e.line.text, "{}ab");
    CHECK_EQUAL(e.line.cursor, 2);
    CHECK_EQUAL(type(&e, "\x1bx"), EVENT_COMMAND);
    CHECK_TEXT(e.argument, "true");
    CHECK(!editor_bind(&e, "Ctrl-k", "default", nullptr));
    type(&e, "\x0b");
    CHECK_TEXT(e.line.text, "{}");
    editor_fini(&e);
}

static const char *longer(void *, const char *word, size_t size)
{
    return size == 2 && !memcmp(word, "gs", 2) ? "git status" : nullptr;
}

TEST(abbreviations_are_for_commands)
{
    struct editor e;
    editor_init(&e, nullptr, always, nullptr);
    e.abbreviation = longer;
    type(&e, "gs gs");
    CHECK_TEXT(e.line.text, "git status gs");
    CHECK_EQUAL(type(&e, "|gs\r"), EVENT_RUN);
    CHECK_TEXT(e.line.text, "git status gs|git status");
    editor_begin(&e);
    type(&e, "'gs gsx ");
    CHECK_TEXT(e.line.text, "'gs gsx ");
    editor_begin(&e);
    type(&e, "gs \x18\x18");
    CHECK_TEXT(e.line.text, "gs");
    editor_fini(&e);
}

TEST(enter_continues_a_block_with_its_indentation)
{
    struct editor e;
    editor_init(&e, nullptr, balanced, nullptr);
    CHECK_EQUAL(type(&e, "if true\recho a\r"), EVENT_NONE);
    CHECK_TEXT(e.line.text, "if true\n    echo a\n    ");
    CHECK_EQUAL(type(&e, "end\r"), EVENT_RUN);
    CHECK_TEXT(e.line.text, "if true\n    echo a\nend");
    editor_fini(&e);
}

static void remember(struct history *h, const char *text)
{
    history_add(h, text, strlen(text), 0);
}

TEST(history_is_walked_by_what_is_typed)
{
    struct history h;
    struct editor e;
    history_init(&h, nullptr, 100);
    remember(&h, "git status"), remember(&h, "make"), remember(&h, "git log"), remember(&h, "git status");
    CHECK_EQUAL(h.count, 3);
    editor_init(&e, &h, always, nullptr);
    type(&e, "git\x1b[A");
    CHECK_TEXT(e.line.text, "git status");
    type(&e, "\x1b[A");
    CHECK_TEXT(e.line.text, "git log");
    type(&e, "\x1b[A");
    CHECK_TEXT(e.line.text, "git log");
    type(&e, "\x1b[B\x1b[B");
    CHECK_TEXT(e.line.text, "git");
    editor_begin(&e);
    type(&e, "gi");
    CHECK_TEXT(e.suggestion, "git status");
    type(&e, "\x1b" "f");
    CHECK_TEXT(e.line.text, "git");
    type(&e, "\x05");
    CHECK_TEXT(e.line.text, "git status");
    editor_begin(&e);
    type(&e, "\x12" "ake");
    CHECK_TEXT(search_found(&e), "make");
    CHECK_EQUAL(type(&e, "\r"), EVENT_RUN);
    CHECK_TEXT(e.line.text, "make");
    editor_fini(&e);
    history_fini(&h);
}

TEST(a_menu_is_walked_and_left)
{
    struct editor e;
    struct completions c = {.from = 3, .to = 4};
    editor_init(&e, nullptr, always, nullptr);
    CHECK_EQUAL(type(&e, "ls o\t"), EVENT_COMPLETE);
    completions_add(&c, "one ", nullptr, nullptr), completions_add(&c, "only ", nullptr, "this");
    editor_offer(&e, &c);
    CHECK_TEXT(e.line.text, "ls on");
    type(&e, "\t\t");
    CHECK_TEXT(e.line.text, "ls only ");
    type(&e, "\x1b[Z");
    CHECK_TEXT(e.line.text, "ls one ");
    type(&e, "x");
    CHECK_TEXT(e.line.text, "ls one x");
    CHECK_EQUAL(e.menu.count, 0);
    editor_fini(&e);
}

TEST(a_selection_ends_with_its_text)
{
    struct editor e;
    struct completions c = {.from = 0, .to = 2};
    editor_init(&e, nullptr, always, nullptr);
    e.mode = MODE_VI_INSERT;
    type(&e, "abcdef\x1b|v0");
    CHECK_EQUAL(e.mode, MODE_VI_VISUAL);
    completions_add(&c, "\xc3\xa4", nullptr, nullptr);
    editor_offer(&e, &c);
    CHECK_EQUAL(e.mode, MODE_VI_NORMAL);
    editor_fini(&e);
}

TEST(words_have_roles)
{
    struct lexed l = {};
    const char *text = "if test -f $x > out; cd 'a b' && FOO=1 ls $(cat @list)";
    lex(&l, text, strlen(text));
    static const struct { const char *word; enum word_role role; } WANTED[] = {
        {"if", ROLE_KEYWORD}, {"test", ROLE_COMMAND}, {"-f", ROLE_ARGUMENT}, {"$x", ROLE_ARGUMENT}, {"out", ROLE_TARGET}, {"cd", ROLE_COMMAND},
        {"'a b'", ROLE_ARGUMENT}, {"FOO=1", ROLE_NAME}, {"ls", ROLE_COMMAND}, {"$(cat @list)", ROLE_ARGUMENT}, {"cat", ROLE_COMMAND}, {"@list", ROLE_ARGUMENT}};
    CHECK_EQUAL(l.word_count, sizeof WANTED / sizeof *WANTED);
    for (size_t i = 0; i < l.word_count && i < sizeof WANTED / sizeof *WANTED; i++) {
        CHECK_EQUAL(l.words[i].role, WANTED[i].role);
        CHECK_EQUAL(l.words[i].end - l.words[i].start, strlen(WANTED[i].word));
        CHECK(!memcmp(text + l.words[i].start, WANTED[i].word, strlen(WANTED[i].word)));
    }
    CHECK_EQUAL(l.blocks, 1);
    lexed_fini(&l);
}
