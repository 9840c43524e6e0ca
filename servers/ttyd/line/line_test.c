/* SPDX-License-Identifier: MIT
 * What the line discipline promises. */
#include "line.h"
#include "unit/unit.h"
#include <string.h>

static struct line l;

static void start(void) { line_init(&l); }

static void type(const char *text)
{
    for (; *text; text++)
        CHECK(line_input(&l, (uint8_t)*text));
}

static bool reads(const char *expected)
{
    uint8_t buffer[LINE_INPUT_BYTES];
    size_t count = line_read(&l, SPAN_OF_ARRAY(buffer));
    return count == strlen(expected) && memcmp(buffer, expected, count) == 0;
}

static bool shows(const char *expected)
{
    uint8_t buffer[LINE_OUTPUT_BYTES];
    size_t count = line_transmit(&l, SPAN_OF_ARRAY(buffer));
    return count == strlen(expected) && memcmp(buffer, expected, count) == 0;
}

static void set_local(uint32_t set, uint32_t clear)
{
    struct line_settings s = l.settings;
    s.local = (s.local | set) & ~clear;
    line_set(&l, &s);
}

TEST(nothing_is_readable_before_the_line_ends)
{
    start();
    type("ab");
    CHECK(!line_has_input(&l));
    type("\r");
    CHECK(line_has_input(&l));
    CHECK_EQUAL(line_available(&l), 3u);
    CHECK(reads("ab\n"));
    CHECK(!line_has_input(&l));
    CHECK(shows("ab\r\n"));
}

TEST(one_read_returns_one_line)
{
    start();
    type("one\ntwo\n");
    CHECK(reads("one\n"));
    CHECK(reads("two\n"));
}

TEST(a_short_read_leaves_the_rest_of_the_line)
{
    start();
    type("abcd\n");
    uint8_t two[2];
    CHECK_EQUAL(line_read(&l, SPAN_OF_ARRAY(two)), 2u);
    CHECK(reads("cd\n"));
}

TEST(erase_takes_one_character_and_clears_its_cell)
{
    start();
    type("ab\x7f" "c\n");
    CHECK(reads("ac\n"));
    CHECK(shows("ab\b \bc\r\n"));
}

TEST(erase_at_the_start_of_a_line_does_nothing)
{
    start();
    type("x\n\x7f\x7fy\n");
    CHECK(reads("x\n"));
    CHECK(reads("y\n"));
}

TEST(erase_of_a_control_character_clears_two_cells)
{
    start();
    type("\x01\x7f");
    CHECK(shows("^A\b \b\b \b"));
}

TEST(erase_of_a_tab_goes_back_to_where_it_began)
{
    start();
    CHECK_EQUAL(line_write(&l, VIEW_OF_LITERAL("$ ")), 2u);
    type("a\t\x7f");
    CHECK(shows("$ a\t\b\b\b\b\b"));
}

TEST(erase_takes_all_bytes_of_a_utf8_character)
{
    start();
    struct line_settings s = l.settings;
    s.input |= INPUT_UTF8;
    line_set(&l, &s);
    type("a\xc3\xa9\x7f\n");
    CHECK(reads("a\n"));
    CHECK(shows("a\xc3\xa9\b \b\r\n"));
}

TEST(kill_erases_the_whole_line)
{
    start();
    type("abc\x15z\n");
    CHECK(reads("z\n"));
    CHECK(shows("abc\b \b\b \b\b \bz\r\n"));
}

TEST(kill_without_echoke_starts_a_new_line)
{
    start();
    set_local(0, LOCAL_ECHO_KILL_ERASES);
    type("ab\x15");
    CHECK(shows("ab^U\r\n"));
}

TEST(word_erase_takes_blanks_and_one_word)
{
    start();
    type("one two  \x17x\n");
    CHECK(reads("one x\n"));
}

TEST(reprint_shows_the_line_again)
{
    start();
    type("ab\x12");
    CHECK(shows("ab^R\r\nab"));
}

TEST(end_of_file_on_an_empty_line_reads_as_zero_bytes_once)
{
    start();
    type("\x04");
    CHECK(line_has_input(&l));
    CHECK(reads(""));
    CHECK(!line_has_input(&l));
}

TEST(end_of_file_after_text_sends_the_text)
{
    start();
    type("ab\x04");
    CHECK_EQUAL(line_available(&l), 2u);
    uint8_t two[2];
    CHECK_EQUAL(line_read(&l, SPAN_OF_ARRAY(two)), 2u);
    CHECK(!line_has_input(&l));
}

TEST(literal_next_takes_away_the_meaning_of_a_key)
{
    start();
    type("\x16\x03\x16\x04\n");
    CHECK_EQUAL(l.raised, 0u);
    CHECK(reads("\x03\x04\n"));
    CHECK(shows("^\b^C^\b^D\r\n"));
}

TEST(interrupt_raises_flushes_and_echoes)
{
    start();
    type("abc");
    CHECK(shows("abc"));
    type("\x03");
    CHECK_EQUAL(l.raised, RAISE_INTERRUPT);
    CHECK(shows("^C"));
    type("x\n");
    CHECK(reads("x\n"));
}

TEST(signal_keys_are_data_without_isig)
{
    start();
    set_local(0, LOCAL_SIGNALS);
    type("\x03\x1c\x1a\n");
    CHECK_EQUAL(l.raised, 0u);
    CHECK(reads("\x03\x1c\x1a\n"));
}

TEST(noflsh_keeps_what_was_typed)
{
    start();
    set_local(LOCAL_NO_FLUSH, 0);
    type("ab\x1a" "c\n");
    CHECK_EQUAL(l.raised, RAISE_SUSPEND);
    CHECK(reads("abc\n"));
}

TEST(stop_holds_output_until_start)
{
    start();
    type("\x13");
    CHECK_EQUAL(line_write(&l, VIEW_OF_LITERAL("x")), 1u);
    CHECK(shows(""));
    type("\x11");
    CHECK(shows("x"));
}

TEST(raw_input_is_readable_byte_by_byte)
{
    start();
    set_local(0, LOCAL_CANONICAL | LOCAL_ECHO | LOCAL_SIGNALS);
    type("a\x7f\x04");
    CHECK_EQUAL(line_available(&l), 3u);
    CHECK(reads("a\x7f\x04"));
    CHECK(shows(""));
}

TEST(full_raw_input_is_refused_not_lost)
{
    start();
    set_local(0, LOCAL_CANONICAL | LOCAL_ECHO);
    for (uint32_t i = 0; i < LINE_INPUT_BYTES; i++)
        CHECK(line_input(&l, 'x'));
    CHECK(!line_input(&l, 'y'));
    CHECK_EQUAL(line_available(&l), LINE_INPUT_BYTES);
}

TEST(a_line_at_the_limit_can_still_be_sent)
{
    start();
    for (uint32_t i = 0; i < LINE_INPUT_BYTES + 10; i++)
        CHECK(line_input(&l, 'x'));
    CHECK(line_input(&l, '\n'));
    CHECK(line_has_input(&l));
    uint8_t buffer[LINE_INPUT_BYTES];
    size_t count = line_read(&l, SPAN_OF_ARRAY(buffer));
    CHECK_EQUAL(buffer[count - 1], '\n');
    CHECK(!line_has_input(&l));
}

TEST(leaving_raw_mode_makes_typed_bytes_one_line)
{
    start();
    set_local(0, LOCAL_CANONICAL);
    type("ab");
    set_local(LOCAL_CANONICAL, 0);
    CHECK(line_has_input(&l));
    CHECK(reads("ab"));
}

TEST(leaving_canonical_mode_makes_the_unfinished_line_readable)
{
    start();
    type("ab");
    set_local(0, LOCAL_CANONICAL);
    CHECK(reads("ab"));
}

TEST(output_is_bare_without_opost)
{
    start();
    struct line_settings s = l.settings;
    s.output = 0;
    line_set(&l, &s);
    CHECK_EQUAL(line_write(&l, VIEW_OF_LITERAL("a\n")), 2u);
    CHECK(shows("a\n"));
}

TEST(tabs_expand_when_asked)
{
    start();
    struct line_settings s = l.settings;
    s.output |= OUTPUT_EXPAND_TABS;
    line_set(&l, &s);
    CHECK_EQUAL(line_write(&l, VIEW_OF_LITERAL("ab\tc")), 4u);
    CHECK(shows("ab      c"));
}

TEST(a_full_output_ring_takes_no_more_and_keeps_order)
{
    start();
    static uint8_t much[2 * LINE_OUTPUT_BYTES];
    memset(much, 'm', sizeof much);
    size_t taken = line_write(&l, (struct view){much, sizeof much});
    CHECK(taken < LINE_OUTPUT_BYTES && taken >= LINE_OUTPUT_BYTES / 2);
    CHECK(!line_can_write(&l));
    uint8_t some[2048];
    CHECK_EQUAL(line_transmit(&l, SPAN_OF_ARRAY(some)), sizeof some);
    CHECK(line_can_write(&l));
}

TEST(break_interrupts_when_asked)
{
    start();
    struct line_settings s = l.settings;
    s.input |= INPUT_BREAK_INTERRUPTS;
    line_set(&l, &s);
    line_break(&l);
    CHECK_EQUAL(l.raised, RAISE_INTERRUPT);
}

TEST(flow_characters_are_sent_when_input_fills)
{
    start();
    struct line_settings s = l.settings;
    s.input |= INPUT_SEND_FLOW;
    s.local &= ~(LOCAL_CANONICAL | LOCAL_ECHO);
    line_set(&l, &s);
    for (uint32_t i = 0; i < LINE_INPUT_BYTES; i++)
        CHECK(line_input(&l, 'x'));
    CHECK(shows("\x13"));
    uint8_t all[LINE_INPUT_BYTES];
    CHECK_EQUAL(line_read(&l, SPAN_OF_ARRAY(all)), sizeof all);
    CHECK(shows("\x11"));
}
