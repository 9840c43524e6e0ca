/* SPDX-License-Identifier: MIT
 * Message calls: call, submit, forward, receive, reply, and what a server needs around them. Register map: abi/message.h. */
#include "kernel/ipc/endpoint.h"
#include "base/string.h"
#include "kernel/irq/hardware.h"
#include "kernel/syscall/groups.h"
#include "kernel/syscall/syscall.h"

static enum status get_endpoint(uint64_t handle, struct endpoint **out)
{
    struct object *o;
    TRY(handle_get(caller_handles(), (handle_t)handle, OBJECT_ENDPOINT, RIGHT_MANAGE, &o));
    *out = container_of(o, struct endpoint, object);
    return OK;
}

static struct endpoint *endpoint_of(struct object *o) { return container_of(o, struct endpoint, object); }
static void endpoint_put(struct endpoint *e) { object_put(&e->object); }
DEFINE_CLEANUP(endpoint_put, struct endpoint *)

/* The rights count here, which the hot way does not look at. */
static int64_t group_message(handle_t h, uint32_t kind, uint64_t *words)
{
    struct handle_view v;
    TRY_CALL(handle_get_view(caller_handles(), h, &v));
    int64_t result = v.object->type->kind == OBJECT_GROUP ? group_call(v.object, v.rights, kind, words) : ERR_WRONG_TYPE;
    handle_view_put(&v);
    return result;
}

int64_t sys_call(struct trap_frame *f)
{
    struct object *o;
    TRY_CALL(handle_get_any(caller_handles(), (handle_t)f->rdi, &o));
    uint32_t kind = (uint32_t)f->rsi;
    if (likely(o->type->kind == OBJECT_RESOURCE))
        return ipc_call(container_of(o, struct resource, object), kind, f->words, f->words);
    int64_t result =
        o->type->kind == OBJECT_GROUP ? group_message((handle_t)f->rdi, kind, f->words) : hardware_call(o, kind, f->words);
    object_put(o);
    return result;
}

int64_t sys_submit(struct trap_frame *f)
{
    CLEANUP(endpoint_put) struct endpoint *completion = nullptr;
    TRY_CALL(get_endpoint(f->rbp, &completion));
    struct object *o;
    TRY_CALL(handle_get(caller_handles(), (handle_t)f->rdi, OBJECT_RESOURCE, 0, &o));
    struct context *none;
    enum status status = ipc_submit(container_of(o, struct resource, object), (uint32_t)f->rsi, f->words, completion, f->r15, false, &none);
    object_put(o);
    return status;
}

/* The endpoint that the caller serves from now on: its own reference keeps it, since nobody else can end that. */
static enum status get_served(uint64_t handle, struct endpoint **out)
{
    struct endpoint *attached = current()->attached;
    if (likely(attached && handle_still_names(caller_handles(), (handle_t)handle, &attached->object, RIGHT_MANAGE))) {
        *out = attached;
        return OK;
    }
    CLEANUP(endpoint_put) struct endpoint *e = nullptr;
    TRY(get_endpoint(handle, &e));
    if (attached != e)
        TRY(endpoint_attach(e, 0, 0));
    *out = e;
    return OK;
}

int64_t sys_submit_receive(struct trap_frame *f)
{
    struct endpoint *e;
    TRY_CALL(get_served(f->rbp, &e));
    struct object *o;
    struct context *server;
    TRY_CALL(handle_get_any(caller_handles(), (handle_t)f->rdi, &o));
    if (unlikely(o->type->kind != OBJECT_RESOURCE)) {
        object_put(o);
        return ERR_WRONG_TYPE;
    }
    enum status status = ipc_submit(container_of(o, struct resource, object), (uint32_t)f->rsi, f->words, e, f->r15, true, &server);
    object_put(o);
    return status == OK ? endpoint_receive(e, 0, server) : (int64_t)status;
}

int64_t sys_forward(struct trap_frame *f)
{
    CLEANUP(endpoint_put) struct endpoint *e = current()->attached;
    if (!e)
        return ERR_INVALID;
    object_get(&e->object);
    struct object *o;
    TRY_CALL(handle_get(caller_handles(), (handle_t)f->rdi, OBJECT_RESOURCE, 0, &o));
    enum status status = ipc_forward(e, f->rbp, container_of(o, struct resource, object), (uint32_t)f->rsi, f->words, f->r15);
    object_put(o);
    return status;
}

int64_t sys_receive(struct trap_frame *f)
{
    struct endpoint *e;
    TRY_CALL(get_served(f->rdi, &e));
    return endpoint_receive(e, f->rsi, nullptr);
}

int64_t sys_reply_receive(struct trap_frame *f)
{
    struct endpoint *e;
    TRY_CALL(get_served(f->rdi, &e));
    struct context *client;
    /* An id that is no longer open is no reason not to take the next request. */
    IGNORE(ipc_reply(e, f->rsi, (int64_t)f->rbp, f->r15, f->words, true, &client));
    return endpoint_receive(e, 0, client);
}

int64_t sys_reply(struct trap_frame *f, struct object *o)
{
    struct context *client;
    uint64_t words[MESSAGE_WORDS];
    memcpy(words, f->words, sizeof words);
    return ipc_reply(endpoint_of(o), f->rsi, (int64_t)f->rbp, f->r15, words, false, &client);
}

static int64_t piecewise(struct trap_frame *f, struct object *o, bool to_client)
{
    uint64_t done;
    TRY_CALL(request_copy(endpoint_of(o), ARG1(f), ARG2(f), ARG3(f), ARG4(f), to_client, &done));
    return (int64_t)done;
}

int64_t sys_request_read(struct trap_frame *f, struct object *o) { return piecewise(f, o, false); }
int64_t sys_request_write(struct trap_frame *f, struct object *o) { return piecewise(f, o, true); }

int64_t sys_endpoint_create(struct trap_frame *f)
{
    struct endpoint *e;
    if (ARG0(f))
        return ERR_INVALID;
    TRY_CALL(endpoint_create(&e));
    return install_new(&e->object, RIGHT_ALL & ~(RIGHT_EXECUTE | RIGHT_DEBUG), ARG1(f));
}

int64_t sys_endpoint_attach(struct trap_frame *f, struct object *o) { return endpoint_attach(endpoint_of(o), ARG1(f), ARG2(f)); }

int64_t sys_resource_create(struct trap_frame *f, struct object *o)
{
    uint64_t rights = ARG2(f), flags = ARG3(f);
    if (rights & ~(uint64_t)RIGHT_ALL || flags & ~(uint64_t)(RESOURCE_RESTARTABLE | RESOURCE_FLUSH_ON_CLOSE | RESOURCE_ALWAYS_READY | RESOURCE_REPLAYED))
        return ERR_INVALID;
    struct resource *r;
    TRY_CALL(resource_create(endpoint_of(o), ARG1(f), (uint32_t)flags, (uint32_t)ARG5(f), &r));
    return install_new(&r->object, (uint32_t)rights, ARG4(f));
}

int64_t sys_readiness_set(struct trap_frame *f, struct object *o)
{
    return readiness_set(endpoint_of(o), ARG1(f), (uint32_t)ARG2(f), (uint32_t)ARG3(f));
}

int64_t sys_bind(struct trap_frame *f, struct object *o)
{
    CLEANUP(object_put) struct object *source = nullptr;
    TRY_CALL(handle_get(caller_handles(), (handle_t)ARG1(f), OBJECT_ANY, RIGHT_NONE, &source));
    return endpoint_bind(endpoint_of(o), source, ARG2(f));
}

int64_t sys_unbind(struct trap_frame *f, struct object *o)
{
    CLEANUP(object_put) struct object *source = nullptr;
    TRY_CALL(handle_get(caller_handles(), (handle_t)ARG1(f), OBJECT_ANY, RIGHT_NONE, &source));
    return endpoint_unbind(endpoint_of(o), source);
}
