/* SPDX-License-Identifier: MIT
 * A protocol as abi/protocol/README.md describes it: what the parser fills in and the emitters read. Names are
 * zero-terminated copies; everything is bounded, a file over a bound is refused. */
#pragma once
#include "base/span.h"
#include "base/try.h"

enum { NAME_MAX_BYTES = 40, TEXT_MAX_BYTES = 256, FIELDS_MAX = 24, MESSAGES_MAX = 64, CONSTANTS_MAX = 64, STRUCTS_MAX = 16,
       ERRORS_MAX = 12 };
enum { FIRST_ID = 0x100, IDS_A_PROTOCOL = 0x40, LAST_ID = 0xefff };

enum type { TYPE_U32, TYPE_U64, TYPE_I32, TYPE_I64, TYPE_BYTES, TYPE_DATA, TYPE_HANDLE };

struct field {
    enum type type;
    char name[NAME_MAX_BYTES];
    char structure[NAME_MAX_BYTES]; /* TYPE_DATA: its C tag */
    uint64_t max;                   /* TYPE_BYTES */
    unsigned word;                  /* scalars: which of the eight */
    char meaning[TEXT_MAX_BYTES];
};
struct fields { struct field at[FIELDS_MAX]; unsigned count; };

struct message_error { char name[NAME_MAX_BYTES], when[TEXT_MAX_BYTES]; };
struct protocol_message {
    char name[NAME_MAX_BYTES], meaning[TEXT_MAX_BYTES];
    uint32_t id;
    bool interruptible, idempotent;
    struct fields in, out;
    struct message_error errors[ERRORS_MAX];
    unsigned error_count;
    unsigned line;
};
struct structure { char name[NAME_MAX_BYTES]; struct fields fields; unsigned line; };
struct constant { char name[NAME_MAX_BYTES], meaning[TEXT_MAX_BYTES]; uint64_t value; };

struct protocol {
    char name[NAME_MAX_BYTES], purpose[TEXT_MAX_BYTES];
    uint64_t version;
    struct constant constants[CONSTANTS_MAX];
    struct structure structures[STRUCTS_MAX];
    struct protocol_message messages[MESSAGES_MAX];
    unsigned constant_count, structure_count, message_count;
};

/* What is wrong, and where; line 0: the file as a whole. */
struct problem { unsigned line; char text[200]; };

/* ERR_INVALID and *out_problem when the text is not a protocol. */
enum status protocol_parse(struct view text, struct protocol *out, struct problem *out_problem);
/* Words given to scalars, one memory and handle direction each, no padding, no name twice. Part of protocol_parse. */
enum status protocol_check(struct protocol *p, struct problem *out_problem);
/* IDs and names unique over all of them. */
enum status protocols_check(const struct protocol *const *all, size_t count, struct problem *out_problem);

static inline const struct field *field_of_type(const struct fields *fields, enum type type)
{
    for (unsigned i = 0; i < fields->count; i++)
        if (fields->at[i].type == type)
            return &fields->at[i];
    return nullptr;
}
/* The field whose bytes travel through memory, bytes<> or data<>. */
static inline const struct field *field_in_memory(const struct fields *fields)
{
    const struct field *bytes = field_of_type(fields, TYPE_BYTES);
    return bytes ? bytes : field_of_type(fields, TYPE_DATA);
}
static inline bool field_is_scalar(const struct field *f) { return f->type <= TYPE_I64; }
