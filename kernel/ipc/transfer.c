/* SPDX-License-Identifier: MIT
 * What travels with a message's words: bytes, once, straight between two address spaces, and one handle. Positions and flags:
 * abi/message.h. No lock is held here: copies may fill pages. They never wait for a pager: a client brings its pages in
 * before it is queued. */
#include "base/string.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/user_copy.h"
#include "kernel/task/process.h"

enum status transfer_prepare(struct request *r)
{
    if (!(r->kind & KIND_SEND_HANDLE) || (handle_t)r->words[WORD_HANDLE] == HANDLE_NONE)
        return OK;
    struct handle_view v;
    TRY(handle_get_view(current()->process->handles, (handle_t)r->words[WORD_HANDLE], &v));
    uint32_t mask = (uint32_t)(r->words[WORD_HANDLE] >> 32);
    if (!(v.rights & RIGHT_GRANT) || (mask & ~v.rights)) {
        handle_view_put(&v);
        return ERR_DENIED;
    }
    if (mask)
        v.rights = mask;
    r->sent = v;
    return OK;
}

void transfer_abort(struct request *r)
{
    if (r->sent.object)
        handle_view_put(&r->sent);
    r->sent = (struct handle_view){0};
}

static enum status bytes_to_buffer(struct request *r, const struct receive_buffer *b, uint64_t length)
{
    user_addr_t from = user(r->words[WORD_SEND_ADDRESS]);
    bool is_ours = r->space == this_cpu()->space; /* as almost always: the client itself brings its bytes */
    if (likely(is_ours && length <= PAGE_BYTES && b && copy_from_user_present(b->pages[0], from, length)))
        return OK;
    if (!user_range_valid(from, length))
        return ERR_BAD_ADDRESS;
    for (uint64_t done = 0; done < length;) {
        size_t part = MIN(length - done, PAGE_BYTES), copied;
        uint8_t *to = b->pages[done / PAGE_BYTES];
        if (unlikely(!is_ours || !copy_from_user_present(to, user_add(from, done), part)))
            TRY(space_copy_in(r->space, to, user_add(from, done), part, false, &copied));
        done += part;
    }
    return OK;
}

static enum status handle_to_server(struct request *r, struct context *server, uint64_t *out_number)
{
    *out_number = (uint64_t)HANDLE_NONE;
    if (!r->sent.object)
        return OK;
    handle_t number;
    TRY(handle_install(server->process->handles, r->sent.object, r->sent.rights, r->sent.grant, PLACE_HIGH, &number));
    r->sent = (struct handle_view){0};
    *out_number = (uint64_t)number;
    return OK;
}

enum status transfer_to_server(struct request *r, struct context *server)
{
    struct trap_frame *f = arch_context_frame(&server->arch);
    memcpy(f->words, r->words, sizeof f->words);
    if (unlikely(r->kind & KIND_SEND_DATA)) {
        const struct receive_buffer *b = server->buffer;
        TRY(bytes_to_buffer(r, b, b ? MIN(r->words[WORD_SEND_LENGTH], b->length) : 0));
        f->words[WORD_SEND_ADDRESS] = b ? b->address : 0;
    }
    if (r->kind & KIND_RECEIVE_DATA)
        f->words[WORD_RECEIVE_ADDRESS] = 0;
    if (unlikely(r->kind & KIND_SEND_HANDLE))
        TRY(handle_to_server(r, server, &f->words[WORD_HANDLE]));
    f->rax = r->kind;
    f->rdi = r->id;
    f->rsi = (r->forwarded ? r->forwarded : r->resource)->token;
    f->rbp = r->caller;
    f->r15 = r->credential;
    return OK;
}

/* For the notices that name a request or carry a result, words[7] of the notice travels in rdi. */
void transfer_notice(struct notice *n, struct context *server)
{
    struct trap_frame *f = arch_context_frame(&server->arch);
    memcpy(f->words, n->words, sizeof f->words);
    f->rax = n->kind;
    f->rdi = n->id;
    f->rsi = n->token;
    f->rbp = 0;
    f->r15 = 0;
    if (n->kind == KIND_EVENT)
        f->words[0] = n->count;
}
