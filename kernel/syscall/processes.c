/* SPDX-License-Identifier: MIT
 * Processes and contexts: creation, clone, exec, the end, control, credentials. Arguments are copied in once and decided on the copy. */
#include "abi/process.h"
#include "arch/machine.h"
#include "base/string.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/group.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/user_copy.h"
#include "kernel/object/namespace.h"
#include "kernel/object/small.h"
#include "kernel/syscall/syscall.h"

#define TRANSFERS_MAX 64u
#define NAMED_HANDLES_MAX 64u

static enum status get_kind(handle_t h, enum object_kind kind, uint32_t rights, struct object **out)
{
    return handle_get(caller_handles(), h, kind, rights, out);
}

/* ---- process_create --------------------------------------------------------------------------------------------------- */

static enum status transfer_handles(const struct process_arguments *a, struct handle_table *to)
{
    struct handle_transfer t;
    for (uint32_t i = 0; i < a->handle_count; i++) {
        TRY(copy_from_user(&t, user(a->handles + i * sizeof t), sizeof t));
        struct handle_view v;
        TRY(handle_get_view(caller_handles(), t.from, &v));
        handle_t number;
        enum status status = !(v.rights & RIGHT_GRANT) || t.rights & ~v.rights ? ERR_DENIED : OK;
        if (status == OK)
            status = handle_install(to, v.object, t.rights ? t.rights : v.rights, v.grant, t.to, &number);
        if (status != OK) {
            handle_view_put(&v);
            return status;
        }
    }
    return OK;
}

/* What a new process is made of; each a reference until the process takes them over. */
struct parts {
    struct address_space *space;
    struct handle_table *handles;
    bool borrows_handles;
    struct namespace *names;
    struct identity *identity;
    struct group *group;     /* null: the caller's; stays ours */
};

static void parts_put(struct parts *p)
{
    if (p->space)
        space_put(p->space);
    if (p->handles && p->borrows_handles)
        handle_table_put(p->handles);
    else if (p->handles)
        handle_table_leave(p->handles);
    if (p->names)
        namespace_put(p->names);
    if (p->identity)
        object_put((struct object *)p->identity);
    if (p->group)
        group_put(p->group);
}

static enum status gather_parts(const struct process_arguments *a, struct parts *p)
{
    struct object *o;
    if (a->group != HANDLE_NONE) {
        TRY(get_kind(a->group, OBJECT_GROUP, RIGHT_WRITE, &o));
        p->group = container_of(o, struct group, object);
    }
    if (a->space != HANDLE_NONE) {
        TRY(get_kind(a->space, OBJECT_SPACE, RIGHT_WRITE, &o));
        p->space = container_of(o, struct address_space, object);
    } else {
        TRY(space_create(&p->space));
    }
    if (a->name_space != HANDLE_NONE) {
        TRY(get_kind(a->name_space, OBJECT_NAMESPACE, RIGHT_READ, &o));
        p->names = container_of(o, struct namespace, object);
    } else if (caller()->names) {
        object_get(&caller()->names->object);
        p->names = caller()->names;
    }
    if (a->identity != HANDLE_NONE) {
        TRY(get_kind(a->identity, OBJECT_IDENTITY, RIGHT_MANAGE, &o));
        p->identity = (struct identity *)o;
    } else if (caller()->identity) {
        p->identity = (struct identity *)object_get((struct object *)caller()->identity);
    }
    TRY(handle_table_create(&p->handles));
    return transfer_handles(a, p->handles);
}

static enum status read_personality(struct process *p, uint64_t address)
{
    struct personality personality;
    TRY(copy_from_user(&personality, user(address), sizeof personality));
    if (personality.entry >= USER_LIMIT || personality.upcall >= USER_LIMIT || personality.fault_landing >= USER_LIMIT)
        return ERR_BAD_ADDRESS;
    p->personality = personality;
    p->has_personality = true;
    return OK;
}

/* The first context of a process, kept until process_start. */
static enum status first_context(struct process *p, uint64_t thread_block, uint32_t priority, struct context **out)
{
    struct context *c;
    TRY(context_create(p, thread_block, &c));
    context_inherit(c, priority);
    p->first = c;
    *out = c;
    return OK;
}

static enum status fill_process(const struct process_arguments *a, struct process *p)
{
    p->credential = a->identity != HANDLE_NONE ? a->credential : caller()->credential;
    p->filter[0] = caller()->filter[0];
    p->filter[1] = caller()->filter[1];
    process_limits_inherit(p, caller());
    if (a->personality)
        TRY(read_personality(p, a->personality));
    struct context *c;
    TRY(first_context(p, a->thread_block, a->priority, &c));
    arch_frame_init(arch_context_frame(&c->arch), a->entry, a->stack, a->argument);
    if (c->block)
        c->block->masked = 1;
    return OK;
}

/* Without a handle nobody could start it. */
static int64_t install_process(struct process *p, placement_t where)
{
    object_get(&p->object);
    int64_t h = install_new(&p->object, RIGHT_ALL, where);
    if (h < 0)
        process_abandon(p);
    object_put(&p->object);
    return h;
}

int64_t sys_process_create(struct trap_frame *f)
{
    struct process_arguments a;
    TRY_CALL(copy_from_user(&a, user(ARG0(f)), sizeof a));
    if (a.handle_count > TRANSFERS_MAX || a.priority >= PRIORITY_REALTIME || a.entry >= USER_LIMIT)
        return ERR_INVALID;
    struct parts parts = {};
    struct process *p;
    enum status status = gather_parts(&a, &parts);
    if (status == OK)
        status = process_create(parts.space, parts.handles, parts.names, parts.identity, a.name, &p);
    if (status != OK) {
        parts_put(&parts);
        return status;
    }
    if (parts.group) {
        status = process_set_group(p, parts.group);
        group_put(parts.group);
    }
    if (status == OK)
        status = fill_process(&a, p);
    if (status != OK) {
        object_put(&p->object);
        return status;
    }
    int64_t h = install_process(p, ARG1(f));
    if (h >= 0 && a.space != HANDLE_NONE)
        IGNORE(handle_close(caller_handles(), a.space));
    return h;
}

/* ---- process_clone ---------------------------------------------------------------------------------------------------- */

static enum status read_named_handles(uint64_t address, uint32_t count, handle_t *out)
{
    if (count > NAMED_HANDLES_MAX)
        return ERR_INVALID;
    return count ? copy_from_user(out, user(address), count * sizeof *out) : OK;
}

static enum status clone_parts(const struct clone_arguments *a, struct parts *p)
{
    handle_t named[NAMED_HANDLES_MAX];
    struct process *self = caller();
    TRY(read_named_handles(a->high_handles, a->high_count, named));
    p->borrows_handles = a->flags & CLONE_SHARE_HANDLES_;
    if (p->borrows_handles)
        p->handles = handle_table_get(self->handles);
    else
        TRY(handle_table_clone(self->handles, named, a->high_count, &p->handles));
    if (a->flags & CLONE_SHARE_SPACE_)
        p->space = space_get(self->space);
    else
        TRY(space_clone(self->space, &p->space));
    if (self->names) {
        object_get(&self->names->object);
        p->names = self->names;
    }
    if (self->identity)
        p->identity = (struct identity *)object_get((struct object *)self->identity);
    return OK;
}

static enum status fill_clone(const struct clone_arguments *a, struct process *p, const struct trap_frame *f)
{
    struct process *self = caller();
    p->credential = self->credential;
    p->filter[0] = self->filter[0];
    p->filter[1] = self->filter[1];
    p->shares_parts = a->flags & (CLONE_SHARE_SPACE_ | CLONE_SHARE_HANDLES_);
    process_limits_inherit(p, self);
    p->personality = self->personality;
    p->has_personality = self->has_personality;
    struct context *c;
    TRY(first_context(p, a->thread_block ? a->thread_block : current()->block_user, 0, &c));
    struct trap_frame *child = arch_context_frame(&c->arch);
    *child = *f;
    child->rax = 0;
    if (a->entry) {
        child->rip = a->entry;
        child->rdi = a->argument;
    }
    if (a->stack)
        child->rsp = a->stack;
    arch_context_copy_user_state(&c->arch, &current()->arch);
    if (a->fs_base != UINT64_MAX)
        c->arch.fs_base = a->fs_base;
    if (c->block)
        c->block->masked = 1;
    return OK;
}

int64_t sys_process_clone(struct trap_frame *f)
{
    struct clone_arguments a;
    TRY_CALL(copy_from_user(&a, user(ARG0(f)), sizeof a));
    bool bad_block = a.flags & CLONE_SHARE_SPACE_ && !a.thread_block;
    if (a.flags & ~(uint32_t)(CLONE_SHARE_SPACE_ | CLONE_SHARE_HANDLES_) || bad_block || a.entry >= USER_LIMIT ||
        (a.fs_base != UINT64_MAX && a.fs_base >= USER_LIMIT))
        return ERR_INVALID;
    struct parts parts = {};
    struct process *p;
    enum status status = clone_parts(&a, &parts);
    if (status == OK)
        status = process_create(parts.space, parts.handles, parts.names, parts.identity, caller()->name, &p);
    if (status != OK) {
        parts_put(&parts);
        return status;
    }
    p->borrows_handles = parts.borrows_handles;
    status = fill_clone(&a, p, f);
    if (status != OK) {
        object_put(&p->object);
        return status;
    }
    return install_process(p, ARG1(f));
}

/* From here on its creator's handles stay open for its sake too. */
static enum status own_handles(struct process *p)
{
    GUARD(&p->lock);
    if (!p->handles)
        return ERR_PEER_GONE;
    if (!p->borrows_handles)
        return OK;
    TRY(handle_table_join(p->handles));
    handle_table_put(p->handles); /* never the last: the join has one */
    p->borrows_handles = false;
    return OK;
}

int64_t sys_process_start(struct trap_frame *f, struct object *o)
{
    struct process *p = process_of(o);
    struct context *c = __atomic_exchange_n(&p->first, nullptr, __ATOMIC_ACQ_REL);
    enum status status = c ? own_handles(p) : ERR_BUSY;
    if (c && status != OK) {
        process_end(p, 0);
        object_put(&c->object);
    } else if (c) {
        struct trap_frame *frame = arch_context_frame(&c->arch);
        frame->words[WORD_RDX] = ARG1(f);
        frame->words[WORD_R8] = ARG2(f);
        process_add_context(p, c);
        context_start(c);
        object_put(&c->object); /* p->first's reference; the running one is context_start's */
    }
    return status;
}

/* ---- process_exec ----------------------------------------------------------------------------------------------------- */

/* A table that another process shares stays as it is; this one goes on with a copy. */
static enum status unshare_handles(struct process *p, const handle_t *keep, uint32_t keep_count)
{
    if (__atomic_load_n(&p->handles->users, __ATOMIC_ACQUIRE) == 1)
        return OK;
    struct handle_table *own;
    TRY(handle_table_clone(p->handles, keep, keep_count, &own));
    handle_table_leave(p->handles);
    p->handles = own;
    return OK;
}

static void enter_new_image(const struct exec_arguments *a, struct address_space *space, struct trap_frame *f)
{
    struct process *p = caller();
    struct context *c = current();
    struct address_space *old = p->space;
    space_set_base(space);
    spin_lock(&p->lock);
    p->space = space;
    p->shares_parts = false;
    process_limits_apply_locked(p);
    memcpy(p->name, a->name, sizeof p->name);
    p->name[sizeof p->name - 1] = 0;
    spin_unlock(&p->lock);
    p->personality = a->personality;
    p->has_personality = true;
    space_activate(this_cpu(), space);
    arch_context_reset_user_state(&c->arch);
    arch_frame_init(f, a->entry, a->stack, a->argument);
    c->block->masked = 1;
    context_load_block(c);
    space_put(old);
}

int64_t sys_process_exec(struct trap_frame *f)
{
    struct exec_arguments a;
    handle_t keep[NAMED_HANDLES_MAX];
    TRY_CALL(copy_from_user(&a, user(ARG0(f)), sizeof a));
    TRY_CALL(read_named_handles(a.keep_handles, a.keep_count, keep));
    if (a.entry >= USER_LIMIT || a.personality.entry >= USER_LIMIT || a.personality.upcall >= USER_LIMIT ||
        a.personality.fault_landing >= USER_LIMIT || !a.thread_block)
        return ERR_INVALID;
    struct object *o;
    TRY_CALL(get_kind(a.space, OBJECT_SPACE, RIGHT_WRITE, &o));
    struct address_space *space = container_of(o, struct address_space, object);
    void *probe;
    enum status status = space_wired_pointer(space, user(a.thread_block), sizeof(struct thread_block), &probe);
    if (status == OK) {
        space_wired_release(probe);
        status = process_single_context(caller());
    }
    if (status == OK)
        status = unshare_handles(caller(), keep, a.keep_count);
    if (status == OK)
        status = context_set_block(current(), space, a.thread_block);
    if (status != OK) {
        space_put(space);
        return status;
    }
    IGNORE(handle_close(caller_handles(), a.space));
    handle_table_exec(caller_handles(), keep, a.keep_count);
    enter_new_image(&a, space, f);
    return (int64_t)f->rax;
}

/* ---- The end, and control --------------------------------------------------------------------------------------------- */

int64_t sys_process_exit(struct trap_frame *f) { process_exit_current(ARG0(f)); }

int64_t sys_process_kill(struct trap_frame *f, struct object *o)
{
    process_end(process_of(o), ARG1(f));
    return OK;
}

int64_t sys_process_info(struct trap_frame *f, struct object *o)
{
    struct process_info info;
    process_fill_info(process_of(o), &info);
    return copy_to_user(user(ARG1(f)), &info, sizeof info);
}

int64_t sys_process_suspend(struct trap_frame *f, struct object *o)
{
    if (ARG1(f) > 1)
        return ERR_INVALID;
    process_suspend(process_of(o), ARG1(f));
    return OK;
}

int64_t sys_notify(struct trap_frame *f, struct object *o)
{
    (void)f;
    if (o->type->kind == OBJECT_PROCESS)
        process_notify(process_of(o));
    else if (o->type->kind == OBJECT_CONTEXT)
        context_notify(container_of(o, struct context, object));
    else
        return ERR_WRONG_TYPE;
    return OK;
}

int64_t sys_personality_set(struct trap_frame *f, struct object *o)
{
    TRY_CALL(read_personality(process_of(o), ARG1(f)));
    if (process_of(o) == caller())
        context_load_block(current());
    return OK;
}

/* A process that lives under this identity domain. */
static enum status process_under(const struct object *identity, uint64_t handle, struct object **out)
{
    TRY(object_argument(handle, OBJECT_PROCESS, RIGHT_NONE, out));
    return (struct object *)process_of(*out)->identity == identity ? OK : ERR_DENIED;
}

int64_t sys_credential_set(struct trap_frame *f, struct object *identity)
{
    CLEANUP(object_put) struct object *o = nullptr;
    TRY_CALL(process_under(identity, ARG1(f), &o));
    __atomic_store_n(&process_of(o)->credential, ARG2(f), __ATOMIC_RELEASE);
    return OK;
}

int64_t sys_process_limit(struct trap_frame *f, struct object *identity)
{
    CLEANUP(object_put) struct object *o = nullptr;
    if (ARG2(f) >= LIMIT_KINDS)
        return ERR_INVALID;
    TRY_CALL(process_under(identity, ARG1(f), &o));
    process_limit_set(process_of(o), (uint32_t)ARG2(f), ARG3(f));
    return OK;
}

int64_t sys_identity_create(struct trap_frame *f)
{
    struct object *o;
    TRY_CALL(identity_create(&o));
    return install_new(o, RIGHT_ALL, ARG0(f));
}

int64_t sys_filter_set(struct trap_frame *f)
{
    uint64_t allowed[2];
    TRY_CALL(copy_from_user(allowed, user(ARG0(f)), sizeof allowed));
    __atomic_and_fetch(&caller()->filter[0], allowed[0], __ATOMIC_SEQ_CST);
    __atomic_and_fetch(&caller()->filter[1], allowed[1], __ATOMIC_SEQ_CST);
    return OK;
}

/* ---- Contexts --------------------------------------------------------------------------------------------------------- */

int64_t sys_context_create(struct trap_frame *f)
{
    struct context_arguments a;
    TRY_CALL(copy_from_user(&a, user(ARG0(f)), sizeof a));
    if (a.flags || a.priority >= PRIORITY_REALTIME || a.entry >= USER_LIMIT || (a.fs_base != UINT64_MAX && a.fs_base >= USER_LIMIT))
        return ERR_INVALID;
    struct context *c;
    TRY_CALL(context_create(caller(), a.thread_block, &c));
    context_inherit(c, a.priority);
    arch_frame_init(arch_context_frame(&c->arch), a.entry, a.stack, a.argument);
    arch_context_copy_user_state(&c->arch, &current()->arch);
    if (a.fs_base != UINT64_MAX)
        c->arch.fs_base = a.fs_base;
    if (c->block)
        c->block->masked = 1;
    object_get(&c->object);
    int64_t h = install_new(&c->object, RIGHT_ALL, ARG1(f));
    if (h >= 0) {
        process_add_context(caller(), c);
        context_start(c);
    }
    object_put(&c->object);
    return h;
}

int64_t sys_context_exit(struct trap_frame *f) { context_exit(ARG0(f)); }

/* Interrupts are off: nothing can be sent between the clearing of masked and the look at pending. */
int64_t sys_context_resume(struct trap_frame *f)
{
    struct context *c = current();
    if (!c->block)
        return ERR_INVALID;
    struct user_registers registers = c->block->saved; /* once: the page is shared with user space */
    arch_frame_load_general(f, &registers);
    c->block->masked = 0;
    if (c->block->pending)
        context_attention(c, ATTENTION_NOTIFY);
    return (int64_t)f->rax;
}
