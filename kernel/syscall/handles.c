/* SPDX-License-Identifier: MIT
 * Handles and namespaces. */
#include "base/string.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/user_copy.h"
#include "kernel/object/io.h"
#include "kernel/object/small.h"
#include "kernel/object/namespace.h"
#include "kernel/syscall/syscall.h"

#define OPEN_NAME_MAX 8192u

int64_t sys_handle_dup(struct trap_frame *f)
{
    handle_t h;
    if (ARG2(f) & ~(uint64_t)RIGHT_ALL || ARG4(f) & ~(uint64_t)DUP_REVOCABLE)
        return ERR_INVALID;
    struct object *self = self_object((handle_t)ARG0(f)); /* becomes a real one: how a process shows itself to somebody */
    if (self)
        return install_new(object_get(self), ARG2(f) ? (uint32_t)ARG2(f) : RIGHT_ALL, ARG1(f));
    TRY_CALL(handle_dup(caller_handles(), (handle_t)ARG0(f), ARG1(f), (uint32_t)ARG2(f), ARG3(f), (uint32_t)ARG4(f), &h));
    return h;
}

int64_t sys_handle_close(struct trap_frame *f) { return handle_close(caller_handles(), (handle_t)ARG0(f)); }

int64_t sys_handle_revoke(struct trap_frame *f) { return handle_revoke(caller_handles(), (handle_t)ARG0(f)); }

static uint32_t stream_flags_of(struct object *o)
{
    if (o->type->kind == OBJECT_RESOURCE)
        return __atomic_load_n(&container_of(o, struct resource, object)->stream_flags, __ATOMIC_RELAXED);
    if (o->type->kind == OBJECT_TIMER || o->type->kind == OBJECT_DOORBELL)
        return object_count_flags(o, 0, 0);
    return io_is_kernel_kind(o->type->kind) ? io_flags_get(o) : 0;
}

int64_t sys_handle_info(struct trap_frame *f)
{
    struct handle_info info;
    TRY_CALL(handle_info(caller_handles(), (handle_t)ARG0(f), &info));
    CLEANUP(object_put) struct object *o = nullptr;
    if (handle_get(caller_handles(), (handle_t)ARG0(f), 0, 0, &o) == OK)
        info.stream_flags = stream_flags_of(o);
    return copy_to_user(user(ARG1(f)), &info, sizeof info);
}

int64_t sys_handle_flags(struct trap_frame *f)
{
    uint32_t old;
    TRY_CALL(handle_flags(caller_handles(), (handle_t)ARG0(f), (uint32_t)ARG1(f), (uint32_t)ARG2(f), &old));
    return old;
}

/* The namespace that an argument names, with a reference; HANDLE_NONE: the caller's own. */
static enum status namespace_argument(uint64_t handle, struct namespace **out)
{
    struct object *o;
    if ((handle_t)handle == HANDLE_NONE) {
        if (!caller()->names)
            return ERR_NOT_FOUND;
        object_get(&caller()->names->object);
        *out = caller()->names;
        return OK;
    }
    TRY(handle_get(caller_handles(), (handle_t)handle, OBJECT_NAMESPACE, 0, &o));
    *out = container_of(o, struct namespace, object);
    return OK;
}
DEFINE_CLEANUP(namespace_put, struct namespace *)

/* "scheme:" of a name, at most SCHEME_NAME_MAX bytes and the colon. */
static enum status scheme_of(user_addr_t name, uint64_t length, uint8_t *buffer, struct view *out_scheme)
{
    size_t head = MIN(length, SCHEME_NAME_MAX + 1);
    TRY(copy_from_user(buffer, name, head));
    size_t colon = view_find((struct view){buffer, head}, ':');
    if (colon == head)
        return ERR_INVALID;
    *out_scheme = (struct view){buffer, colon};
    return OK;
}

static int64_t open_resource(struct resource *r, uint64_t path, uint64_t length, uint64_t flags, placement_t where)
{
    uint64_t words[MESSAGE_WORDS] = {[0] = flags, [2] = where, [6] = path, [7] = length};
    int64_t result = ipc_call(r, OP_OPEN | KIND_SEND_DATA | KIND_RECEIVE_HANDLE | KIND_INTERRUPTIBLE, words, words);
    if (result < 0)
        return result;
    return (handle_t)words[3] == HANDLE_NONE ? ERR_PROTOCOL : (handle_t)words[3];
}

int64_t sys_open(struct trap_frame *f)
{
    uint8_t buffer[SCHEME_NAME_MAX + 1];
    struct view scheme;
    uint64_t length = ARG1(f);
    if (length > OPEN_NAME_MAX)
        return ERR_NAME_TOO_LONG;
    CLEANUP(namespace_put) struct namespace *names = nullptr;
    TRY_CALL(namespace_argument(ARG4(f), &names));
    TRY_CALL(scheme_of(user(ARG0(f)), length, buffer, &scheme));
    struct handle_view root;
    TRY_CALL(namespace_find(names, scheme, &root));
    if (root.object->type->kind == OBJECT_RESOURCE) {
        object_get(root.object);
        int64_t result = open_resource(container_of(root.object, struct resource, object), ARG0(f) + scheme.length + 1,
                                       length - scheme.length - 1, ARG2(f), ARG3(f));
        handle_view_put(&root);
        return result;
    }
    handle_t h;
    enum status status = handle_install(caller_handles(), root.object, root.rights, root.grant, ARG3(f), &h);
    if (status != OK) {
        handle_view_put(&root);
        return status;
    }
    return h;
}

int64_t sys_namespace_create(struct trap_frame *f)
{
    CLEANUP(namespace_put) struct namespace *from = nullptr;
    if ((handle_t)ARG0(f) != HANDLE_NONE)
        TRY_CALL(namespace_argument(ARG0(f), &from));
    struct namespace *n;
    TRY_CALL(namespace_create(from, &n));
    return install_new(&n->object, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, ARG1(f));
}

int64_t sys_namespace_bind(struct trap_frame *f, struct object *o)
{
    uint8_t name[SCHEME_NAME_MAX];
    if (ARG2(f) > sizeof name)
        return ERR_NAME_TOO_LONG;
    TRY_CALL(copy_from_user(name, user(ARG1(f)), ARG2(f)));
    struct namespace *n = container_of(o, struct namespace, object);
    struct view scheme = {name, ARG2(f)};
    if ((handle_t)ARG3(f) == HANDLE_NONE)
        return namespace_bind(n, scheme, nullptr);
    struct handle_view v;
    TRY_CALL(handle_get_view(caller_handles(), (handle_t)ARG3(f), &v));
    enum status status = v.rights & RIGHT_GRANT ? namespace_bind(n, scheme, &v) : ERR_DENIED;
    if (status != OK)
        handle_view_put(&v);
    return status;
}
