/* SPDX-License-Identifier: MIT
 * Writes the generated C. For each message NAME of protocol P the functions are called P_NAME...; `P` and `m` below are
 * those two. Scalars lie in the words that check.c chose, memory and handles in the fixed positions of abi/message.h. */
#include "emit.h"
#include <ctype.h>
#include <string.h>

static const char *upper(const char *name)
{
    static char text[4][NAME_MAX_BYTES]; /* so that one fprintf may use several */
    static unsigned next;
    char *to = text[next++ % 4];
    size_t i = 0;
    for (; name[i] && i + 1 < NAME_MAX_BYTES; i++)
        to[i] = (char)toupper((unsigned char)name[i]);
    to[i] = 0;
    return to;
}

static const char *c_type(enum type type)
{
    static const char *const names[] = {[TYPE_U32] = "uint32_t", [TYPE_U64] = "uint64_t", [TYPE_I32] = "int32_t",
                                        [TYPE_I64] = "int64_t", [TYPE_BYTES] = "struct view", [TYPE_HANDLE] = "handle_t"};
    return names[type];
}

static void emit_comment(FILE *to, const char *text)
{
    if (text[0])
        fprintf(to, " /* %s */", text);
    fputc('\n', to);
}

static void emit_head(FILE *to, const struct protocol *p, const char *what)
{
    fprintf(to, "/* SPDX-License-Identifier: MIT\n * Generated from abi/protocol/%s.proto. %s: %s. %s */\n#pragma once\n", p->name, p->name,
            p->purpose, what);
}

static void emit_structure(FILE *to, const struct protocol *p, const struct structure *s)
{
    uint64_t size = 0;
    fprintf(to, "struct %s_%s {\n", p->name, s->name);
    for (unsigned i = 0; i < s->fields.count; i++) {
        const struct field *f = &s->fields.at[i];
        fprintf(to, "    %s %s;", c_type(f->type), f->name);
        emit_comment(to, f->meaning);
        size += f->type == TYPE_U64 || f->type == TYPE_I64 ? 8 : 4;
    }
    fprintf(to, "};\nstatic_assert(sizeof(struct %s_%s) == %llu);\n\n", p->name, s->name, (unsigned long long)size);
}

static void emit_kind(FILE *to, const struct protocol *p, const struct protocol_message *m)
{
    fprintf(to, "    %s_%s_KIND = %s_%s", upper(p->name), upper(m->name), upper(p->name), upper(m->name));
    if (field_in_memory(&m->in))
        fputs(" | KIND_SEND_DATA", to);
    if (field_in_memory(&m->out))
        fputs(" | KIND_RECEIVE_DATA", to);
    if (field_of_type(&m->in, TYPE_HANDLE))
        fputs(" | KIND_SEND_HANDLE", to);
    if (field_of_type(&m->out, TYPE_HANDLE))
        fputs(" | KIND_RECEIVE_HANDLE", to);
    if (m->interruptible)
        fputs(" | KIND_INTERRUPTIBLE", to);
    if (m->idempotent)
        fputs(" | KIND_IDEMPOTENT", to);
    fputs(",\n", to);
}

/* Which word holds which scalar: PROTOCOL_MESSAGE_IN_FIELD. For those who read messages without this library: the kernel, traces. */
static void emit_words(FILE *to, const struct protocol *p, const struct protocol_message *m, const struct fields *fields, const char *way)
{
    for (unsigned i = 0; i < fields->count; i++)
        if (field_is_scalar(&fields->at[i]))
            fprintf(to, "    %s_%s_%s_%s = %u,\n", upper(p->name), upper(m->name), way, upper(fields->at[i].name),
                    fields->at[i].word);
}

void emit_numbers(FILE *to, const struct protocol *p)
{
    emit_head(to, p, "Numbers and structures.");
    fprintf(to, "#include \"abi/file.h\"\n#include \"abi/message.h\"\n\n#define %s_VERSION %lluu\n\n", upper(p->name),
            (unsigned long long)p->version);
    uint64_t largest = 0;
    for (unsigned i = 0; i < p->constant_count; i++)
        largest = MAX(largest, p->constants[i].value);
    if (p->constant_count)
        fprintf(to, "enum : %s {\n", largest > UINT32_MAX ? "uint64_t" : "uint32_t");
    for (unsigned i = 0; i < p->constant_count; i++) {
        fprintf(to, "    %s_%s = %llu,", upper(p->name), p->constants[i].name, (unsigned long long)p->constants[i].value);
        emit_comment(to, p->constants[i].meaning);
    }
    if (p->constant_count)
        fputs("};\n\n", to);
    for (unsigned i = 0; i < p->structure_count; i++)
        emit_structure(to, p, &p->structures[i]);
    fputs("/* operations */\nenum : uint32_t {\n", to);
    for (unsigned i = 0; i < p->message_count; i++) {
        fprintf(to, "    %s_%s = 0x%x,", upper(p->name), upper(p->messages[i].name), p->messages[i].id);
        emit_comment(to, p->messages[i].meaning);
    }
    fputs("};\n\n/* with the flags that a caller gives; KIND_SEND_HANDLE only when there is a handle to send */\nenum : uint32_t {\n", to);
    for (unsigned i = 0; i < p->message_count; i++)
        emit_kind(to, p, &p->messages[i]);
    fputs("};\n\n/* the word of each number in a request and in its answer */\nenum : uint32_t {\n", to);
    for (unsigned i = 0; i < p->message_count; i++) {
        emit_words(to, p, &p->messages[i], &p->messages[i].in, "IN");
        emit_words(to, p, &p->messages[i], &p->messages[i].out, "OUT");
    }
    fputs("};\n", to);
}

/* -- the client -------------------------------------------------------------------------------------------------- */

static void emit_in_field(FILE *to, const struct field *f)
{
    if (f->type == TYPE_DATA)
        fprintf(to, "    const struct %s *%s;", f->structure, f->name);
    else
        fprintf(to, "    %s %s;", c_type(f->type), f->name);
    emit_comment(to, f->meaning);
}

static void emit_in_structure(FILE *to, const struct protocol *p, const struct protocol_message *m)
{
    const struct field *memory = field_in_memory(&m->out), *handle = field_of_type(&m->out, TYPE_HANDLE);
    fprintf(to, "struct %s_%s_in {\n", p->name, m->name);
    for (unsigned i = 0; i < m->in.count; i++)
        emit_in_field(to, &m->in.at[i]);
    if (memory && memory->type == TYPE_BYTES)
        fprintf(to, "    struct span %s_space; /* client: where %s goes, at most %llu bytes are used */\n", memory->name,
                memory->name, (unsigned long long)memory->max);
    if (memory && memory->type == TYPE_DATA)
        fprintf(to, "    struct %s *%s_space; /* client: where %s goes; null in a call: into `out` */\n", memory->structure,
                memory->name, memory->name);
    if (handle)
        fprintf(to, "    placement_t %s_place; /* client: which number %s gets */\n", handle->name, handle->name);
    if (!m->in.count && !memory && !handle)
        fputs("    char nothing; /* C has no empty structures */\n", to);
    fputs("};\n", to);
}

static void emit_out_structure(FILE *to, const struct protocol *p, const struct protocol_message *m)
{
    fprintf(to, "struct %s_%s_out {\n", p->name, m->name);
    for (unsigned i = 0; i < m->out.count; i++) {
        const struct field *f = &m->out.at[i];
        if (f->type == TYPE_DATA)
            fprintf(to, "    struct %s %s;", f->structure, f->name);
        else
            fprintf(to, "    %s %s;", c_type(f->type), f->name);
        emit_comment(to, f->meaning);
    }
    if (!m->out.count)
        fputs("    char nothing; /* C has no empty structures */\n", to);
    fputs("};\n", to);
}

static const char *widened(enum type type)
{
    return type == TYPE_I32 || type == TYPE_I64 ? "(uint64_t)(int64_t)" : "";
}

/* static inline enum status P_m_words(in, struct message *m, uint32_t *kind): the request. */
static void emit_client_encode(FILE *to, const struct protocol *p, const struct protocol_message *m)
{
    const struct field *send = field_in_memory(&m->in), *receive = field_in_memory(&m->out);
    const struct field *handle_in = field_of_type(&m->in, TYPE_HANDLE), *handle_out = field_of_type(&m->out, TYPE_HANDLE);
    fprintf(to, "static inline enum status %s_%s_encode([[maybe_unused]] const struct %s_%s_in *in, struct message *m, uint32_t *out_kind)\n{\n",
            p->name, m->name, p->name, m->name);
    fprintf(to, "    *m = (struct message){};\n    *out_kind = %s_%s_KIND;\n", upper(p->name), upper(m->name));
    if (send && send->type == TYPE_BYTES)
        fprintf(to, "    if (in->%s.length > %llu)\n        return ERR_TOO_BIG;\n"
                    "    m->words[6] = (uint64_t)(uintptr_t)in->%s.data;\n    m->words[7] = in->%s.length;\n",
                send->name, (unsigned long long)send->max, send->name, send->name);
    if (send && send->type == TYPE_DATA)
        fprintf(to, "    m->words[6] = (uint64_t)(uintptr_t)in->%s;\n    m->words[7] = sizeof *in->%s;\n", send->name, send->name);
    if (receive && receive->type == TYPE_BYTES)
        fprintf(to, "    m->words[4] = (uint64_t)(uintptr_t)in->%s_space.data;\n"
                    "    m->words[5] = in->%s_space.length < %llu ? in->%s_space.length : %llu;\n",
                receive->name, receive->name, (unsigned long long)receive->max, receive->name, (unsigned long long)receive->max);
    if (receive && receive->type == TYPE_DATA)
        fprintf(to, "    m->words[4] = (uint64_t)(uintptr_t)in->%s_space;\n    m->words[5] = sizeof *in->%s_space;\n",
                receive->name, receive->name);
    if (handle_in)
        fprintf(to, "    m->words[3] = (uint32_t)in->%s;\n    if (in->%s == HANDLE_NONE)\n        *out_kind &= ~KIND_SEND_HANDLE;\n",
                handle_in->name, handle_in->name);
    if (handle_out)
        fprintf(to, "    m->words[2] = in->%s_place;\n", handle_out->name);
    for (unsigned i = 0; i < m->in.count; i++)
        if (field_is_scalar(&m->in.at[i]))
            fprintf(to, "    m->words[%u] = %sin->%s;\n", m->in.at[i].word, widened(m->in.at[i].type), m->in.at[i].name);
    fputs("    return OK;\n}\n", to);
}

/* The numbers and the handle of an answer; what lies in memory differs between a call and a completion. */
static void emit_decode_words(FILE *to, const struct protocol_message *m)
{
    const struct field *handle = field_of_type(&m->out, TYPE_HANDLE);
    for (unsigned i = 0; i < m->out.count; i++) {
        const struct field *f = &m->out.at[i];
        if (field_is_scalar(f))
            fprintf(to, "    out->%s = (%s)m->words[%u];\n", f->name, c_type(f->type), f->word);
    }
    if (handle)
        fprintf(to, "    out->%s = (handle_t)(uint32_t)m->words[3];\n", handle->name);
}

static void emit_completion(FILE *to, const struct protocol *p, const struct protocol_message *m)
{
    const struct field *receive = field_in_memory(&m->out);
    if (receive)
        fprintf(to, "/* %s lies where %s_space pointed%s. */\n", receive->name, receive->name,
                receive->type == TYPE_BYTES ? "; here only its length is set" : "; out's own is left alone");
    fprintf(to, "static inline void %s_%s_completion([[maybe_unused]] const struct message *m, [[maybe_unused]] struct %s_%s_out *out)\n{\n",
            p->name, m->name, p->name, m->name);
    emit_decode_words(to, m);
    if (receive && receive->type == TYPE_BYTES)
        fprintf(to, "    out->%s.length = m->words[5];\n", receive->name);
    fputs("}\n", to);
}

static void emit_call(FILE *to, const struct protocol *p, const struct protocol_message *m)
{
    const struct field *receive = field_in_memory(&m->out);
    fprintf(to, "static inline enum status %s_%s(handle_t target, const struct %s_%s_in *in, [[maybe_unused]] struct %s_%s_out *out)\n{\n",
            p->name, m->name, p->name, m->name, p->name, m->name);
    fprintf(to, "    struct message m;\n    uint32_t kind;\n    enum status status = %s_%s_encode(in, &m, &kind);\n"
                "    if (status != OK)\n        return status;\n", p->name, m->name);
    if (receive && receive->type == TYPE_DATA)
        fprintf(to, "    struct %s *space = in->%s_space ? in->%s_space : &out->%s;\n    m.words[4] = (uint64_t)(uintptr_t)space;\n",
                receive->structure, receive->name, receive->name, receive->name);
    fputs("    int64_t result = sys_call(target, kind, &m);\n    if (result < 0)\n        return (enum status)result;\n", to);
    if (receive && receive->type == TYPE_DATA)
        fprintf(to, "    if (m.words[5] != sizeof *space)\n        return ERR_PROTOCOL;\n"
                    "    if (space != &out->%s)\n        out->%s = *space;\n", receive->name, receive->name);
    fprintf(to, "    %s_%s_completion(&m, out);\n", p->name, m->name);
    if (receive && receive->type == TYPE_BYTES)
        fprintf(to, "    if (out->%s.length > in->%s_space.length)\n        return ERR_PROTOCOL;\n    out->%s.data = in->%s_space.data;\n",
                receive->name, receive->name, receive->name, receive->name);
    fputs("    return OK;\n}\n", to);
}

static void emit_submit(FILE *to, const struct protocol *p, const struct protocol_message *m)
{
    const struct field *receive = field_in_memory(&m->out);
    fprintf(to, "static inline enum status %s_%s_submit(handle_t target, const struct %s_%s_in *in, handle_t endpoint, uint64_t tag)\n{\n",
            p->name, m->name, p->name, m->name);
    fprintf(to, "    struct message m;\n    uint32_t kind;\n    enum status status = %s_%s_encode(in, &m, &kind);\n"
                "    if (status != OK)\n        return status;\n", p->name, m->name);
    if (receive && receive->type == TYPE_DATA)
        fprintf(to, "    if (!in->%s_space)\n        return ERR_INVALID;\n", receive->name);
    fputs("    return sys_submit(target, kind, &m, endpoint, tag);\n}\n", to);
}

void emit_client(FILE *to, const struct protocol *p)
{
    emit_head(to, p, "The client's side.");
    fprintf(to, "#include \"base/span.h\"\n#include \"protocol/%s_abi.h\"\n#include \"sys/message.h\"\n", p->name);
    for (unsigned i = 0; i < p->message_count; i++) {
        const struct protocol_message *m = &p->messages[i];
        fprintf(to, "\n/* %s: %s", m->name, m->meaning);
        for (unsigned e = 0; e < m->error_count; e++)
            fprintf(to, "\n * ERR_%s: %s", m->errors[e].name, m->errors[e].when);
        fputs(" */\n", to);
        emit_in_structure(to, p, m);
        emit_out_structure(to, p, m);
        emit_client_encode(to, p, m);
        emit_completion(to, p, m);
        emit_call(to, p, m);
        emit_submit(to, p, m);
    }
}

/* -- the server -------------------------------------------------------------------------------------------------- */

static void emit_server_decode(FILE *to, const struct protocol *p, const struct protocol_message *m)
{
    const struct field *send = field_in_memory(&m->in), *handle = field_of_type(&m->in, TYPE_HANDLE);
    fprintf(to, "static inline enum status %s_%s_decode([[maybe_unused]] struct request *rq, [[maybe_unused]] struct %s_%s_in *in)\n{\n",
            p->name, m->name, p->name, m->name);
    if (send)
        fputs("    struct view data = request_data(rq);\n    if (rq->data_length != data.length)\n        return ERR_TOO_BIG;\n", to);
    if (send && send->type == TYPE_BYTES)
        fprintf(to, "    if (data.length > %llu)\n        return ERR_TOO_BIG;\n    in->%s = data;\n",
                (unsigned long long)send->max, send->name);
    if (send && send->type == TYPE_DATA)
        fprintf(to, "    if (data.length != sizeof *in->%s)\n        return ERR_PROTOCOL;\n"
                    "    in->%s = (const struct %s *)(const void *)data.data;\n", send->name, send->name, send->structure);
    for (unsigned i = 0; i < m->in.count; i++) {
        const struct field *f = &m->in.at[i];
        if (field_is_scalar(f))
            fprintf(to, "    in->%s = (%s)rq->m->words[%u];\n", f->name, c_type(f->type), f->word);
    }
    if (handle)
        fprintf(to, "    in->%s = request_handle(rq);\n", handle->name);
    fputs("    return OK;\n}\n", to);
}

/* The answer's numbers into `words`, and the reply flags: shared by an answer at once and a late one. */
static void emit_server_words(FILE *to, const struct protocol *p, const struct protocol_message *m)
{
    fprintf(to, "static inline void %s_%s_encode_out([[maybe_unused]] const struct %s_%s_out *out, [[maybe_unused]] struct message *m)\n{\n",
            p->name, m->name, p->name, m->name);
    for (unsigned i = 0; i < m->out.count; i++) {
        const struct field *f = &m->out.at[i];
        if (field_is_scalar(f))
            fprintf(to, "    m->words[%u] = %sout->%s;\n", f->word, widened(f->type), f->name);
    }
    fputs("}\n", to);
}

/* What must hold of the answer, and what gives its memory and its handle to the loop. */
static void emit_server_give(FILE *to, const struct protocol *p, const struct protocol_message *m)
{
    const struct field *receive = field_in_memory(&m->out), *handle = field_of_type(&m->out, TYPE_HANDLE);
    fprintf(to, "static inline enum status %s_%s_answer([[maybe_unused]] struct request *rq, [[maybe_unused]] const struct %s_%s_out *out)\n{\n",
            p->name, m->name, p->name, m->name);
    if (receive) {
        if (receive->type == TYPE_BYTES)
            fprintf(to, "    uint64_t length = out->%s.length;\n", receive->name);
        else
            fprintf(to, "    uint64_t length = sizeof out->%s;\n", receive->name);
        fputs("    if (length > request_capacity(rq)) {\n", to);
        if (handle)
            fprintf(to, "        if (out->%s != HANDLE_NONE && !rq->keep_handle)\n            IGNORE(sys_handle_close(out->%s));\n",
                    handle->name, handle->name);
        fputs("        return ERR_TOO_BIG;\n    }\n", to);
    }
    fprintf(to, "    %s_%s_encode_out(out, rq->m);\n", p->name, m->name);
    if (receive && receive->type == TYPE_BYTES)
        fprintf(to, "    request_give_data(rq, out->%s);\n", receive->name);
    if (receive && receive->type == TYPE_DATA)
        fprintf(to, "    /* `out` ends with the dispatch; the receive buffer lives until the answer is sent, and the request in it is done */\n"
                    "    struct span space = rq->server->receive_buffer;\n"
                    "    memcpy(space.data, &out->%s, sizeof out->%s);\n"
                    "    request_give_data(rq, (struct view){space.data, sizeof out->%s});\n",
                receive->name, receive->name, receive->name);
    if (handle)
        fprintf(to, "    rq->m->words[3] = (uint32_t)out->%s;\n    if (out->%s != HANDLE_NONE)\n        request_give_handle(rq, out->%s);\n",
                handle->name, handle->name, handle->name);
    fputs("    return OK;\n}\n", to);
}

static void emit_serve(FILE *to, const struct protocol *p, const struct protocol_message *m)
{
    bool handle = field_of_type(&m->in, TYPE_HANDLE) != nullptr;
    const struct field *handle_out = field_of_type(&m->out, TYPE_HANDLE);
    fprintf(to, "static inline void %s_%s_serve(const struct %s_ops *ops, struct request *rq)\n{\n", p->name, m->name, p->name);
    fprintf(to, "    struct %s_%s_in in = {};\n    struct %s_%s_out out = {};\n", p->name, m->name, p->name, m->name);
    if (handle_out)
        fprintf(to, "    out.%s = HANDLE_NONE;\n", handle_out->name);
    fprintf(to, "    enum status status = ops->%s ? %s_%s_decode(rq, &in) : ERR_NOT_SUPPORTED;\n", m->name, p->name, m->name);
    if (!handle) {
        fputs("    protocol_drop_handle(rq);\n", to);
    } else {
        fputs("    if (status != OK)\n        protocol_drop_handle(rq);\n", to);
    }
    fprintf(to, "    if (status == OK)\n        status = (ops->%s)(rq, &in, &out);\n", m->name);
    fputs("    if (rq->deferred)\n        return;\n", to);
    fprintf(to, "    if (status == OK)\n        status = %s_%s_answer(rq, &out);\n    rq->result = status;\n}\n", p->name, m->name);
}

static void emit_late_reply(FILE *to, const struct protocol *p, const struct protocol_message *m, bool lend)
{
    const struct field *receive = field_in_memory(&m->out), *handle = field_of_type(&m->out, TYPE_HANDLE);
    fprintf(to, "static inline enum status %s_%s_reply%s(handle_t endpoint, uint64_t request, enum status status, "
                "[[maybe_unused]] const struct %s_%s_out *out)\n{\n", p->name, m->name, lend ? "_lend" : "", p->name, m->name);
    fputs("    struct message m = {};\n    uint64_t flags = 0;\n", to);
    fprintf(to, "    if (status != OK)\n        return sys_reply(endpoint, request, status, 0, &m);\n    %s_%s_encode_out(out, &m);\n",
            p->name, m->name);
    if (receive && receive->type == TYPE_BYTES)
        fprintf(to, "    m.words[4] = (uint64_t)(uintptr_t)out->%s.data;\n    m.words[5] = out->%s.length;\n    flags |= REPLY_DATA;\n",
                receive->name, receive->name);
    if (receive && receive->type == TYPE_DATA)
        fprintf(to, "    m.words[4] = (uint64_t)(uintptr_t)&out->%s;\n    m.words[5] = sizeof out->%s;\n    flags |= REPLY_DATA;\n",
                receive->name, receive->name);
    if (handle)
        fprintf(to, "    m.words[3] = (uint32_t)out->%s;\n    if (out->%s != HANDLE_NONE)\n        flags |= REPLY_HANDLE%s;\n",
                handle->name, handle->name, lend ? "" : " | REPLY_HANDLE_MOVE");
    fputs("    return sys_reply(endpoint, request, OK, flags, &m);\n}\n", to);
}

static void emit_ops(FILE *to, const struct protocol *p)
{
    fprintf(to, "struct %s_ops {\n", p->name);
    for (unsigned i = 0; i < p->message_count; i++) {
        const char *name = p->messages[i].name;
        fprintf(to, "    enum status (*%s)(struct request *rq, const struct %s_%s_in *in, struct %s_%s_out *out);\n", name,
                p->name, name, p->name, name);
    }
    fputs("};\n\n", to);
}

void emit_server(FILE *to, const struct protocol *p)
{
    emit_head(to, p, "The server's side: fill in the operations that you support, call the dispatch from your scheme's `protocol`.");
    fprintf(to, "#include \"base/string.h\"\n#include \"protocol/%s.h\"\n#include \"server/server.h\"\n\n", p->name);
    fputs("/* An operation that returns OK has filled in `out`, or has called request_defer; PROTOCOL_MESSAGE_reply answers it then.\n"
          " * The operation owns a handle that came with the request, whatever it returns; a handle in `out` goes to the client\n"
          " * (rq->keep_handle, or _reply_lend: the client gets a duplicate). Bytes in `out` stay valid until the next message. */\n",
          to);
    emit_ops(to, p);
    fputs("#ifndef PROTOCOL_DROP_HANDLE\n#define PROTOCOL_DROP_HANDLE\n"
          "/* The request carried a handle that nobody asked for, or that nobody will use. */\n"
          "static inline void protocol_drop_handle(struct request *rq)\n{\n    handle_t handle = request_handle(rq);\n"
          "    if (handle != HANDLE_NONE)\n        IGNORE(sys_handle_close(handle));\n}\n#endif\n", to);
    for (unsigned i = 0; i < p->message_count; i++) {
        const struct protocol_message *m = &p->messages[i];
        fputc('\n', to);
        emit_server_decode(to, p, m);
        emit_server_words(to, p, m);
        emit_server_give(to, p, m);
        emit_serve(to, p, m);
        emit_late_reply(to, p, m, false);
        if (field_of_type(&m->out, TYPE_HANDLE))
            emit_late_reply(to, p, m, true);
    }
    fprintf(to, "\n/* False: not an operation of this protocol, nothing was done. */\n"
                "static inline bool %s_dispatch(const struct %s_ops *ops, struct request *rq)\n{\n    switch (rq->operation) {\n",
            p->name, p->name);
    for (unsigned i = 0; i < p->message_count; i++)
        fprintf(to, "    case %s_%s:\n        %s_%s_serve(ops, rq);\n        return true;\n", upper(p->name),
                upper(p->messages[i].name), p->name, p->messages[i].name);
    fputs("    default:\n        return false;\n    }\n}\n", to);
}

/* -- names and the book ------------------------------------------------------------------------------------------ */

void emit_names(FILE *to, const struct protocol *const *all, size_t count)
{
    fputs("/* SPDX-License-Identifier: MIT\n * Generated from abi/protocol. What the operations are called, for traces and dumps. */\n#pragma once\n"
          "#include <stdint.h>\n\nstatic inline const char *protocol_operation_name(uint32_t operation)\n{\n"
          "    switch (operation & 0xffff) {\n", to);
    for (size_t i = 0; i < count; i++)
        for (unsigned j = 0; j < all[i]->message_count; j++)
            fprintf(to, "    case 0x%x: return \"%s.%s\";\n", all[i]->messages[j].id, all[i]->name, all[i]->messages[j].name);
    fputs("    default: return \"\";\n    }\n}\n", to);
}

static void emit_page_fields(FILE *to, const struct fields *fields, const char *way)
{
    for (unsigned i = 0; i < fields->count; i++) {
        const struct field *f = &fields->at[i];
        fprintf(to, "- %s `%s`", way, f->name);
        if (f->type == TYPE_BYTES)
            fprintf(to, ", at most %llu bytes", (unsigned long long)f->max);
        else if (f->type == TYPE_DATA)
            fprintf(to, ", a `struct %s`", f->structure);
        else if (f->type == TYPE_HANDLE)
            fputs(", a handle", to);
        else
            fprintf(to, ", `%s` in word %u", c_type(f->type), f->word);
        fprintf(to, "%s%s\n", f->meaning[0] ? ": " : "", f->meaning);
    }
}

void emit_page(FILE *to, const struct protocol *p)
{
    fprintf(to, "# Protocol %s, version %llu\n\n%s.\n", p->name, (unsigned long long)p->version, p->purpose);
    if (p->constant_count)
        fputs("\n| Constant | Value | Meaning |\n|---|---|---|\n", to);
    for (unsigned i = 0; i < p->constant_count; i++)
        fprintf(to, "| `%s_%s` | %llu | %s |\n", upper(p->name), p->constants[i].name, (unsigned long long)p->constants[i].value,
                p->constants[i].meaning);
    for (unsigned i = 0; i < p->message_count; i++) {
        const struct protocol_message *m = &p->messages[i];
        fprintf(to, "\n## %s (0x%x)\n\n%s.%s%s\n\n", m->name, m->id, m->meaning, m->interruptible ? " Interruptible." : "",
                m->idempotent ? " Idempotent." : "");
        emit_page_fields(to, &m->in, "in");
        emit_page_fields(to, &m->out, "out");
        for (unsigned e = 0; e < m->error_count; e++)
            fprintf(to, "- error `%s`: %s\n", m->errors[e].name, m->errors[e].when);
    }
}
