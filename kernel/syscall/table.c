/* SPDX-License-Identifier: MIT
 * From a number to its handler: bounds, filter, table. */
#include "kernel/syscall/syscall.h"
#include "kernel/core/panic.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/shortage.h"
#include "kernel/mm/user_copy.h"

static system_call_handler *const handlers[SYSCALL_COUNT] = {
#define SYSCALL(number, name, arguments) [(number) - SYSCALL_FIRST] = sys_##name,
#include "abi/syscall.def"
#undef SYSCALL
};

void system_call(struct trap_frame *f)
{
    struct cpu *cpu = this_cpu();
    uint64_t index = f->rax - SYSCALL_FIRST;
    count_closed_begin();
    cpu->calls++;
    if (unlikely(index >= SYSCALL_COUNT || !handlers[index])) {
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
    f->rax = (uint64_t)handlers[index](f);
    count_closed_end(handlers[index]);
}

void system_call_without_personality(struct trap_frame *f)
{
    f->rax = (uint64_t)(int64_t)ERR_NO_CALL;
}

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

enum status process_argument(uint64_t handle, uint32_t rights, struct process **out)
{
    if ((handle_t)handle == HANDLE_SELF_PROCESS) {
        object_get(&caller()->object);
        *out = caller();
        return OK;
    }
    struct object *o;
    TRY(handle_get(caller_handles(), (handle_t)handle, OBJECT_PROCESS, rights, &o));
    *out = container_of(o, struct process, object);
    return OK;
}

enum status space_argument(uint64_t handle, uint32_t rights, struct address_space **out)
{
    if ((handle_t)handle == HANDLE_SELF_SPACE) {
        *out = space_get(caller()->space);
        return OK;
    }
    struct object *o;
    TRY(handle_get(caller_handles(), (handle_t)handle, OBJECT_SPACE, rights, &o));
    *out = container_of(o, struct address_space, object);
    return OK;
}
