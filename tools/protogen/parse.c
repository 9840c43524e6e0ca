/* SPDX-License-Identifier: MIT
 * Reads a .proto file: lines of words and quoted texts. Pure; stops at the first problem. */
#include "protocol.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 8 };
struct line { struct view word[WORDS_MAX]; unsigned count; struct view text; bool has_text; };
struct parser {
    struct protocol *p;
    struct problem *problem;
    unsigned line;
    struct structure *structure;      /* inside struct ... end */
    struct protocol_message *message; /* the last one */
};

static enum status fail(struct parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));
static enum status fail(struct parser *parser, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    parser->problem->line = parser->line;
    (void)vsnprintf(parser->problem->text, sizeof parser->problem->text, format, arguments);
    va_end(arguments);
    return ERR_INVALID;
}

static bool word_is(struct view word, const char *text) { return view_equal(word, view_of_string(text)); }
static bool is_space(uint8_t c) { return c == ' ' || c == '\t' || c == '\r'; }

static struct view skip(struct view v, size_t bytes) { return (struct view){v.data + bytes, v.length - bytes}; }

static enum status split_line(struct parser *parser, struct view rest, struct line *out)
{
    *out = (struct line){};
    for (;;) {
        while (rest.length && is_space(rest.data[0]))
            rest = skip(rest, 1);
        if (!rest.length || rest.data[0] == '#')
            return OK;
        if (out->has_text)
            return fail(parser, "nothing may follow the quoted text");
        if (rest.data[0] == '"') {
            rest = skip(rest, 1);
            size_t end = view_find(rest, '"');
            if (end == rest.length)
                return fail(parser, "the quoted text does not end");
            out->text = (struct view){rest.data, end};
            out->has_text = true;
            rest = skip(rest, end + 1);
            continue;
        }
        size_t end = 0;
        while (end < rest.length && !is_space(rest.data[end]))
            end++;
        if (out->count == WORDS_MAX)
            return fail(parser, "more than %d words", WORDS_MAX);
        out->word[out->count++] = (struct view){rest.data, end};
        rest = skip(rest, end);
    }
}

static enum status copy_text(struct parser *parser, struct view text, char *to, size_t size)
{
    if (text.length >= size)
        return fail(parser, "a text of %zu bytes; the limit is %zu", text.length, size - 1);
    if (text.length)
        memcpy(to, text.data, text.length);
    to[text.length] = 0;
    return OK;
}

static bool is_c_keyword(struct view word)
{
    static const char *const keywords[] = {
        "auto", "bool", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
        "false", "float", "for", "goto", "if", "inline", "int", "long", "nullptr", "register", "restrict", "return",
        "short", "signed", "sizeof", "static", "struct", "switch", "true", "typedef", "typeof", "union", "unsigned", "void",
        "volatile", "while",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(keywords); i++)
        if (word_is(word, keywords[i]))
            return true;
    return false;
}

static enum status copy_name(struct parser *parser, struct view word, bool upper, char *to)
{
    if (!word.length || is_c_keyword(word))
        return fail(parser, "\"%.*s\" cannot be a name in C", (int)word.length, (const char *)word.data);
    for (size_t i = 0; i < word.length; i++) {
        uint8_t c = word.data[i];
        bool letter = upper ? c >= 'A' && c <= 'Z' : c >= 'a' && c <= 'z';
        bool digit = c >= '0' && c <= '9' && i > 0;
        if (!letter && !digit && c != '_')
            return fail(parser, "\"%.*s\" is not a name in %s case", (int)word.length, (const char *)word.data,
                        upper ? "upper" : "lower");
    }
    return copy_text(parser, word, to, NAME_MAX_BYTES);
}

/* The X of bytes<X> or data<X>. */
static bool take_argument(struct view word, const char *kind, struct view *out)
{
    struct view prefix = view_of_string(kind);
    if (!view_starts_with(word, prefix) || word.length < prefix.length + 2 || word.data[word.length - 1] != '>')
        return false;
    *out = (struct view){word.data + prefix.length, word.length - prefix.length - 1};
    return true;
}

static enum status parse_data_type(struct parser *parser, struct view name, struct field *f)
{
    char own[NAME_MAX_BYTES];
    TRY(copy_name(parser, name, false, own));
    f->type = TYPE_DATA;
    for (unsigned i = 0; i < parser->p->structure_count; i++) {
        if (strcmp(parser->p->structures[i].name, own) != 0)
            continue;
        int length = snprintf(f->structure, sizeof f->structure, "%s_%s", parser->p->name, own);
        return length < (int)sizeof f->structure ? OK : fail(parser, "the name of structure %s is too long", own);
    }
    memcpy(f->structure, own, sizeof own); /* one of abi/ */
    return OK;
}

static enum status parse_type(struct parser *parser, struct view word, struct field *f)
{
    static const char *const plain[] = {[TYPE_U32] = "u32", [TYPE_U64] = "u64", [TYPE_I32] = "i32", [TYPE_I64] = "i64"};
    struct view argument;
    for (size_t i = 0; i < ARRAY_LENGTH(plain); i++) {
        if (word_is(word, plain[i])) {
            f->type = (enum type)i;
            return OK;
        }
    }
    if (word_is(word, "handle")) {
        f->type = TYPE_HANDLE;
        return OK;
    }
    if (take_argument(word, "bytes<", &argument)) {
        f->type = TYPE_BYTES;
        if (view_to_u64(argument, &f->max) != OK || f->max == 0 || f->max > 65536)
            return fail(parser, "bytes<1> to bytes<65536>");
        return OK;
    }
    if (take_argument(word, "data<", &argument))
        return parse_data_type(parser, argument, f);
    return fail(parser, "no such type: %.*s", (int)word.length, (const char *)word.data);
}

static enum status parse_field(struct parser *parser, const struct line *l, struct fields *to)
{
    if (l->count != 3)
        return fail(parser, "wanted: %.*s TYPE NAME [\"meaning\"]", (int)l->word[0].length, (const char *)l->word[0].data);
    if (to->count == FIELDS_MAX)
        return fail(parser, "more than %d fields", FIELDS_MAX);
    struct field *f = &to->at[to->count];
    *f = (struct field){};
    TRY(parse_type(parser, l->word[1], f));
    TRY(copy_name(parser, l->word[2], false, f->name));
    TRY(copy_text(parser, l->text, f->meaning, sizeof f->meaning));
    to->count++;
    return OK;
}

static enum status parse_protocol(struct parser *parser, const struct line *l)
{
    if (parser->p->name[0])
        return fail(parser, "a second protocol line");
    if (l->count != 3 || !l->has_text)
        return fail(parser, "wanted: protocol NAME VERSION \"what it is for\"");
    TRY(copy_name(parser, l->word[1], false, parser->p->name));
    if (view_to_u64(l->word[2], &parser->p->version) != OK)
        return fail(parser, "the version is not a number");
    return copy_text(parser, l->text, parser->p->purpose, sizeof parser->p->purpose);
}

static enum status parse_constant(struct parser *parser, const struct line *l)
{
    struct protocol *p = parser->p;
    if (l->count != 3 || !l->has_text)
        return fail(parser, "wanted: constant NAME VALUE \"meaning\"");
    if (p->constant_count == CONSTANTS_MAX)
        return fail(parser, "more than %d constants", CONSTANTS_MAX);
    struct constant *c = &p->constants[p->constant_count];
    TRY(copy_name(parser, l->word[1], true, c->name));
    if (view_to_u64(l->word[2], &c->value) != OK)
        return fail(parser, "the value is not a number");
    TRY(copy_text(parser, l->text, c->meaning, sizeof c->meaning));
    p->constant_count++;
    return OK;
}

static enum status parse_struct(struct parser *parser, const struct line *l)
{
    struct protocol *p = parser->p;
    if (l->count != 2)
        return fail(parser, "wanted: struct NAME");
    if (p->structure_count == STRUCTS_MAX)
        return fail(parser, "more than %d structures", STRUCTS_MAX);
    struct structure *s = &p->structures[p->structure_count];
    TRY(copy_name(parser, l->word[1], false, s->name));
    s->line = parser->line;
    p->structure_count++;
    parser->structure = s;
    return OK;
}

static enum status parse_message(struct parser *parser, const struct line *l)
{
    struct protocol *p = parser->p;
    uint64_t id;
    if (l->count < 3 || !l->has_text)
        return fail(parser, "wanted: message NAME ID [interruptible] [idempotent] \"what it does\"");
    if (p->message_count == MESSAGES_MAX)
        return fail(parser, "more than %d messages", MESSAGES_MAX);
    struct protocol_message *m = &p->messages[p->message_count];
    TRY(copy_name(parser, l->word[1], false, m->name));
    if (view_to_u64(l->word[2], &id) != OK || id < FIRST_ID || id > LAST_ID)
        return fail(parser, "the id of %s is not a number from 0x%x to 0x%x", m->name, FIRST_ID, LAST_ID);
    m->id = (uint32_t)id;
    m->line = parser->line;
    for (unsigned i = 3; i < l->count; i++) {
        if (word_is(l->word[i], "interruptible"))
            m->interruptible = true;
        else if (word_is(l->word[i], "idempotent"))
            m->idempotent = true;
        else
            return fail(parser, "unknown word after the id of %s", m->name);
    }
    TRY(copy_text(parser, l->text, m->meaning, sizeof m->meaning));
    p->message_count++;
    parser->message = m;
    return OK;
}

static bool is_status(struct view word)
{
#define STATUS(name, number, sentence) if (word_is(word, #name)) return true;
#include "abi/status.def"
#undef STATUS
    return false;
}

static enum status parse_error(struct parser *parser, const struct line *l)
{
    struct protocol_message *m = parser->message;
    if (l->count != 2 || !l->has_text)
        return fail(parser, "wanted: error STATUS \"when\"");
    if (!is_status(l->word[1]))
        return fail(parser, "abi/status.def has no %.*s", (int)l->word[1].length, (const char *)l->word[1].data);
    if (m->error_count == ERRORS_MAX)
        return fail(parser, "more than %d errors", ERRORS_MAX);
    struct message_error *e = &m->errors[m->error_count++];
    TRY(copy_text(parser, l->word[1], e->name, sizeof e->name));
    return copy_text(parser, l->text, e->when, sizeof e->when);
}

static enum status parse_inside_struct(struct parser *parser, const struct line *l)
{
    if (word_is(l->word[0], "end")) {
        parser->structure = nullptr;
        return OK;
    }
    if (word_is(l->word[0], "field"))
        return parse_field(parser, l, &parser->structure->fields);
    return fail(parser, "only `field` and `end` inside a struct");
}

static enum status parse_line(struct parser *parser, const struct line *l)
{
    struct view first = l->word[0];
    if (parser->structure)
        return parse_inside_struct(parser, l);
    if (word_is(first, "protocol"))
        return parse_protocol(parser, l);
    if (!parser->p->name[0])
        return fail(parser, "the first line must be `protocol`");
    if (word_is(first, "constant"))
        return parse_constant(parser, l);
    if (word_is(first, "struct"))
        return parse_struct(parser, l);
    if (word_is(first, "message"))
        return parse_message(parser, l);
    if (parser->message && word_is(first, "in"))
        return parse_field(parser, l, &parser->message->in);
    if (parser->message && word_is(first, "out"))
        return parse_field(parser, l, &parser->message->out);
    if (parser->message && word_is(first, "error"))
        return parse_error(parser, l);
    return fail(parser, "cannot be here: %.*s", (int)first.length, (const char *)first.data);
}

enum status protocol_parse(struct view text, struct protocol *out, struct problem *out_problem)
{
    struct parser parser = {.p = out, .problem = out_problem};
    *out = (struct protocol){};
    while (text.length) {
        struct view one;
        struct line l;
        parser.line++;
        view_split(text, '\n', &one, &text);
        TRY(split_line(&parser, one, &l));
        if (l.count)
            TRY(parse_line(&parser, &l));
        else if (l.has_text)
            return fail(&parser, "a quoted text alone");
    }
    if (parser.structure)
        return fail(&parser, "struct %s has no end", parser.structure->name);
    if (!out->name[0])
        return fail(&parser, "there is no protocol line");
    return protocol_check(out, out_problem);
}
