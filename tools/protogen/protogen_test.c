/* SPDX-License-Identifier: MIT
 * What the parser accepts and what it refuses, with the line and the reason. */
#include "protocol.h"
#include "unit/unit.h"
#include <string.h>

static struct protocol p;
static struct problem problem;

static enum status parse(const char *text)
{
    problem = (struct problem){};
    return protocol_parse(view_of_string(text), &p, &problem);
}

static void refuses(const char *text, unsigned line, const char *reason)
{
    CHECK_EQUAL(parse(text), ERR_INVALID);
    CHECK_EQUAL(problem.line, line);
    if (!CHECK(strstr(problem.text, reason) != nullptr))
        CHECK_TEXT(problem.text, reason);
}

#define HEAD "protocol t 1 \"test\"\n"

TEST(a_message_gets_its_words_in_order)
{
    CHECK_OK(parse(HEAD "message m 0x100 interruptible \"x\"\n"
                        " in bytes<16> name\n in u32 a\n in u64 b\n in i32 c\n in u64 d # four\n"
                        " out handle h\n out u32 e\n out u32 f\n out u32 g\n out u32 i\n"));
    const struct protocol_message *m = &p.messages[0];
    CHECK_EQUAL(m->in.at[1].word, 0);
    CHECK_EQUAL(m->in.at[2].word, 1);
    CHECK_EQUAL(m->in.at[3].word, 3); /* w2 is the placement of h */
    CHECK_EQUAL(m->in.at[4].word, 4);
    CHECK_EQUAL(m->out.at[1].word, 0);
    CHECK_EQUAL(m->out.at[4].word, 4); /* w3 is h */
    CHECK(m->interruptible && !m->idempotent);
}

TEST(too_many_words_are_refused)
{
    refuses(HEAD "message m 0x100 \"x\"\n in bytes<8> n\n in handle h\n out handle o\n out bytes<8> b\n"
                 " in u64 a\n in u64 c\n in u64 d\n", 2, "no word is left for d");
}

TEST(padding_is_refused)
{
    refuses(HEAD "struct s\n field u32 a\n field u64 b\nend\n", 2, "padding before b");
    refuses(HEAD "struct s\n field u64 b\n field u32 a\nend\n", 2, "padding after");
    CHECK_OK(parse(HEAD "struct s\n field u64 b\n field u32 a\n field i32 c\nend\n"));
}

TEST(two_things_of_one_direction_are_refused)
{
    refuses(HEAD "message m 0x100 \"x\"\n in bytes<8> n\n in data<file_attributes> a\n", 2, "more than one");
    refuses(HEAD "message m 0x100 \"x\"\n out handle n\n out handle a\n", 2, "more than one handle");
}

TEST(names_that_would_clash_in_c_are_refused)
{
    refuses(HEAD "message break 0x100 \"x\"\n", 2, "cannot be a name");
    refuses(HEAD "constant FLUSH 1 \"x\"\nmessage flush 0x100 \"x\"\n", 3, "same name in C");
    refuses(HEAD "message a 0x100 \"x\"\nmessage a_reply 0x101 \"x\"\n", 3, "clash");
    refuses(HEAD "message a 0x100 \"x\"\nmessage a 0x101 \"x\"\n", 3, "second message");
    refuses(HEAD "message a 0x100 \"x\"\n in u32 b\n in u32 b\n", 2, "two fields");
    refuses(HEAD "message A 0x100 \"x\"\n", 2, "lower case");
}

TEST(ids_stay_in_their_block_and_are_unique)
{
    static struct protocol other;
    refuses(HEAD "message a 0x100 \"x\"\nmessage b 0x140 \"x\"\n", 3, "outside the protocol's block");
    refuses(HEAD "message a 0x100 \"x\"\nmessage b 0x100 \"x\"\n", 3, "same id");
    refuses(HEAD "message a 0x20 \"x\"\n", 2, "not a number");
    CHECK_OK(parse(HEAD "message a 0x100 \"x\"\n"));
    other = p;
    CHECK_OK(parse("protocol u 1 \"x\"\nmessage a 0x13f \"x\"\n"));
    CHECK_EQUAL(protocols_check((const struct protocol *const[]){&other, &p}, 2, &problem), ERR_INVALID);
    CHECK_OK(parse("protocol u 1 \"x\"\nmessage a 0x140 \"x\"\n"));
    CHECK_OK(protocols_check((const struct protocol *const[]){&other, &p}, 2, &problem));
}

TEST(own_structures_get_the_protocols_prefix)
{
    CHECK_OK(parse(HEAD "struct s\n field u64 a\nend\nmessage m 0x100 \"x\"\n in data<s> a\n out data<file_attributes> b\n"));
    CHECK_TEXT(p.messages[0].in.at[0].structure, "t_s");
    CHECK_TEXT(p.messages[0].out.at[0].structure, "file_attributes");
}

TEST(broken_lines_say_what_is_wanted)
{
    refuses("", 0, "no protocol line");
    refuses("message a 0x100 \"x\"\n", 1, "must be `protocol`");
    refuses(HEAD "in u32 a\n", 2, "cannot be here");
    refuses(HEAD "message a 0x100\n", 2, "wanted: message");
    refuses(HEAD "message a 0x100 \"x\n", 2, "does not end");
    refuses(HEAD "message a 0x100 \"x\"\n in u16 a\n", 3, "no such type");
    refuses(HEAD "message a 0x100 \"x\"\n in bytes<70000> a\n", 3, "bytes<1>");
    refuses(HEAD "message a 0x100 \"x\"\n error ENOENT \"x\"\n", 3, "status.def");
    refuses(HEAD "struct s\n field u32 a\n", 3, "has no end");
}
