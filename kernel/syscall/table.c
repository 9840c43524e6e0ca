/* SPDX-License-Identifier: MIT
 * From a number to its handler: bounds, filter, table. */
#include "kernel/syscall/syscall.h"
#include "kernel/core/panic.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/shortage.h"
#include "kernel/mm/user_copy.h"

static system_call_handler *const handlers[SYSCALL_COUNT] = {
#define SYSCALL(number, name, arguments) [(number) - SYSCALL_FIRST] = sys_##name,
#define SYSCALL_ON(number, name, what, needs, arguments)
#include "abi/syscall.def"
#undef SYSCALL
};
static const struct object_call {
    object_call_handler *handler;
    enum object_kind kind;
    uint32_t rights;
} object_calls[SYSCALL_COUNT] = {
#define SYSCALL(number, name, arguments)
#define SYSCALL_ON(number, name, what, needs, arguments) [(number) - SYSCALL_FIRST] = {sys_##name, OBJECT_##what, RIGHT_##needs},
#include "abi/syscall.def"
#undef SYSCALL
};

struct object *self_object(handle_t pseudo)
{
    switch (pseudo) {
    case HANDLE_SELF_PROCESS:
        return &caller()->object;
    case HANDLE_SELF_SPACE:
        return &caller()->space->object;
    case HANDLE_SELF_CONTEXT:
        return &current()->object;
    default:
        return nullptr;
    }
}

enum status object_argument(uint64_t handle, enum object_kind kind, uint32_t rights, struct object **out)
{
    struct object *self = unlikely((handle_t)handle < HANDLE_NONE) ? self_object((handle_t)handle) : nullptr;
    if (!self)
        return handle_get(caller_handles(), (handle_t)handle, kind, rights, out);
    if (kind != OBJECT_ANY && self->type->kind != kind)
        return ERR_WRONG_TYPE;
    *out = object_get(self);
    return OK;
}

/* Apart from system_call, whose frame stays small. */
[[gnu::noinline]] static int64_t call_on_object(uint64_t index, struct trap_frame *f)
{
    CLEANUP(object_put) struct object *o = nullptr;
    const struct object_call *c = &object_calls[index];
    if (unlikely(!c->handler))
        return ERR_NO_CALL;
    TRY_CALL(object_argument(ARG0(f), c->kind, c->rights, &o));
    int64_t result = c->handler(f, o);
    count_closed_end(c->handler);
    return result;
}

void system_call(struct trap_frame *f)
{
    struct cpu *cpu = this_cpu();
    uint64_t index = f->rax - SYSCALL_FIRST;
    count_closed_begin();
    cpu->calls++;
    if (unlikely(index >= SYSCALL_COUNT)) {
#ifdef MH_CHECK
        if (f->rax == SYS_SHORTAGE) {
            f->rax = shortage_set(ARG0(f));
            return;
        }
#endif
        f->rax = (uint64_t)(int64_t)ERR_NO_CALL;
        return;
    }
    if (unlikely(!(cpu->current->process->filter[index / 64] >> (index % 64) & 1))) {
        f->rax = (uint64_t)(int64_t)ERR_FILTERED;
        return;
    }
    system_call_handler *handler = handlers[index];
    f->rax = (uint64_t)(handler ? handler(f) : call_on_object(index, f));
    count_closed_end(handler);
}

void system_call_without_personality(struct trap_frame *f) { f->rax = (uint64_t)(int64_t)ERR_NO_CALL; }

int64_t sys_null(struct trap_frame *f)
{
    (void)f;
    return OK;
}

int64_t install_new(struct object *o, uint32_t rights, placement_t where)
{
    handle_t h;
    enum status status = handle_install(caller_handles(), o, rights, nullptr, where, &h);
    if (status != OK) {
        object_put(o);
        return status;
    }
    return h;
}

int64_t install_pair(struct object *first, uint32_t first_rights, struct object *second, uint32_t second_rights, placement_t where,
                     user_addr_t out_pair)
{
    int64_t one = install_new(first, first_rights, where);
    if (one < 0) {
        object_put(second);
        return one;
    }
    int64_t two = install_new(second, second_rights, where);
    handle_t pair[2] = {(handle_t)one, (handle_t)two};
    enum status status = two < 0 ? (enum status)two : copy_to_user(out_pair, pair, sizeof pair);
    if (status != OK) {
        IGNORE(handle_close(caller_handles(), pair[0]));
        if (two >= 0)
            IGNORE(handle_close(caller_handles(), pair[1]));
    }
    return status;
}
