/* SPDX-License-Identifier: MIT
 * What must hold beyond the grammar: enough words, no padding, no name or number twice, nothing outside its block. */
#include "protocol.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum status fail(struct problem *problem, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));
static enum status fail(struct problem *problem, unsigned line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    problem->line = line;
    (void)vsnprintf(problem->text, sizeof problem->text, format, arguments);
    va_end(arguments);
    return ERR_INVALID;
}

static enum status check_names(const struct fields *fields, const char *of, unsigned line, struct problem *problem)
{
    for (unsigned i = 0; i < fields->count; i++)
        for (unsigned j = 0; j < i; j++)
            if (strcmp(fields->at[i].name, fields->at[j].name) == 0)
                return fail(problem, line, "%s: two fields named %s", of, fields->at[i].name);
    return OK;
}

static enum status check_structure(const struct structure *s, struct problem *problem)
{
    uint64_t offset = 0, alignment = 4;
    TRY(check_names(&s->fields, s->name, s->line, problem));
    if (!s->fields.count)
        return fail(problem, s->line, "struct %s is empty", s->name);
    for (unsigned i = 0; i < s->fields.count; i++) {
        const struct field *f = &s->fields.at[i];
        if (!field_is_scalar(f))
            return fail(problem, s->line, "struct %s: %s is not u32, u64, i32 or i64", s->name, f->name);
        uint64_t size = f->type == TYPE_U64 || f->type == TYPE_I64 ? 8 : 4;
        if (offset % size)
            return fail(problem, s->line, "struct %s: padding before %s at offset %llu", s->name, f->name,
                        (unsigned long long)offset);
        offset += size;
        alignment = MAX(alignment, size);
    }
    if (offset % alignment)
        return fail(problem, s->line, "struct %s: padding after its %llu bytes", s->name, (unsigned long long)offset);
    return OK;
}

/* At most one field in memory and one handle. */
static enum status check_carried(const struct protocol_message *m, const struct fields *fields, struct problem *problem)
{
    unsigned memory = 0, handles = 0;
    for (unsigned i = 0; i < fields->count; i++) {
        memory += fields->at[i].type == TYPE_BYTES || fields->at[i].type == TYPE_DATA;
        handles += fields->at[i].type == TYPE_HANDLE;
    }
    if (memory > 1 || handles > 1)
        return fail(problem, m->line, "%s: more than one %s in a direction", m->name, memory > 1 ? "bytes or data" : "handle");
    return check_names(fields, m->name, m->line, problem);
}

/* Gives the scalars the words of `free` (bit n: word n) in order. */
static enum status assign_words(const struct protocol_message *m, struct fields *fields, unsigned free, struct problem *problem)
{
    for (unsigned i = 0; i < fields->count; i++) {
        if (!field_is_scalar(&fields->at[i]))
            continue;
        if (!free)
            return fail(problem, m->line, "%s: no word is left for %s", m->name, fields->at[i].name);
        fields->at[i].word = (unsigned)__builtin_ctz(free);
        free &= free - 1;
    }
    return OK;
}

static enum status check_message(struct protocol_message *m, struct problem *problem)
{
    TRY(check_carried(m, &m->in, problem));
    TRY(check_carried(m, &m->out, problem));
    unsigned in_free = 0x03, out_free = 0xc7;
    in_free |= field_of_type(&m->out, TYPE_HANDLE) ? 0 : 0x04u;
    in_free |= field_of_type(&m->in, TYPE_HANDLE) ? 0 : 0x08u;
    in_free |= field_in_memory(&m->out) ? 0 : 0x30u;
    in_free |= field_in_memory(&m->in) ? 0 : 0xc0u;
    out_free |= field_of_type(&m->out, TYPE_HANDLE) ? 0 : 0x08u;
    out_free |= field_in_memory(&m->out) ? 0 : 0x30u;
    TRY(assign_words(m, &m->in, in_free, problem));
    return assign_words(m, &m->out, out_free, problem);
}

/* PROTOCOL_CONSTANT and PROTOCOL_MESSAGE share C's namespace; a message also makes names with suffixes. */
static bool same_in_upper_case(const char *lower, const char *upper)
{
    for (; *lower && *upper; lower++, upper++) {
        char c = *lower >= 'a' && *lower <= 'z' ? (char)(*lower - 'a' + 'A') : *lower;
        if (c != *upper)
            return false;
    }
    return *lower == *upper;
}

static enum status check_message_names(const struct protocol *p, const struct protocol_message *m, struct problem *problem)
{
    static const char *const suffixes[] = {"_submit", "_completion", "_reply", "_serve", "_in", "_out"};
    for (const struct protocol_message *other = p->messages; other < m; other++) {
        size_t length = strlen(other->name);
        if (strcmp(other->name, m->name) == 0)
            return fail(problem, m->line, "a second message %s", m->name);
        if (other->id == m->id)
            return fail(problem, m->line, "%s and %s have the same id 0x%x", other->name, m->name, m->id);
        for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++)
            if (strncmp(m->name, other->name, length) == 0 && strcmp(m->name + length, suffixes[i]) == 0)
                return fail(problem, m->line, "%s would clash with what message %s makes", m->name, other->name);
    }
    for (unsigned i = 0; i < p->constant_count; i++)
        if (same_in_upper_case(m->name, p->constants[i].name))
            return fail(problem, m->line, "message %s and constant %s would be the same name in C", m->name,
                        p->constants[i].name);
    return OK;
}

enum status protocol_check(struct protocol *p, struct problem *problem)
{
    for (unsigned i = 0; i < p->structure_count; i++)
        TRY(check_structure(&p->structures[i], problem));
    for (unsigned i = 0; i < p->constant_count; i++)
        for (unsigned j = 0; j < i; j++)
            if (strcmp(p->constants[i].name, p->constants[j].name) == 0)
                return fail(problem, 0, "a second constant %s", p->constants[i].name);
    for (unsigned i = 0; i < p->message_count; i++) {
        struct protocol_message *m = &p->messages[i];
        if (m->id / IDS_A_PROTOCOL != p->messages[0].id / IDS_A_PROTOCOL)
            return fail(problem, m->line, "%s: id 0x%x is outside the protocol's block of 0x%x", m->name, m->id,
                        IDS_A_PROTOCOL);
        TRY(check_message(m, problem));
        TRY(check_message_names(p, m, problem));
    }
    return OK;
}

enum status protocols_check(const struct protocol *const *all, size_t count, struct problem *problem)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct protocol *a = all[j], *b = all[i];
            if (strcmp(a->name, b->name) == 0)
                return fail(problem, 0, "two protocols named %s", a->name);
            if (a->message_count && b->message_count &&
                a->messages[0].id / IDS_A_PROTOCOL == b->messages[0].id / IDS_A_PROTOCOL)
                return fail(problem, 0, "%s and %s use the same block of ids 0x%x", a->name, b->name,
                            a->messages[0].id / IDS_A_PROTOCOL * IDS_A_PROTOCOL);
        }
    }
    return OK;
}
