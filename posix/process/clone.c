/* SPDX-License-Identifier: MIT
 * New threads and new processes. fork copies the address space and both sides return from the native call; a thread and a vfork child
 * start on an area of their own, with the parent's registers in its block.saved. */
#include "base/string.h"
#include "posix/core/image.h"
#include "posix/signal/signal.h"
#include "posix/thread/area.h"
#include "posix/time/time.h"
#include "sys/syscall.h"

extern IN_IMAGE const char posix_image[], posix_resume[];

enum : uint64_t {
    CLONE_VM = 0x100, CLONE_FS = 0x200, CLONE_FILES = 0x400, CLONE_SIGHAND = 0x800, CLONE_PIDFD = 0x1000, CLONE_VFORK = 0x4000,
    CLONE_PARENT = 0x8000, CLONE_THREAD = 0x10000, CLONE_NEWNS = 0x20000, CLONE_SYSVSEM = 0x40000, CLONE_SETTLS = 0x80000,
    CLONE_PARENT_SETTID = 0x100000, CLONE_CHILD_CLEARTID = 0x200000, CLONE_CHILD_SETTID = 0x1000000,
    CLONE_NEW_SPACES = 0x7e020080, /* namespaces: mount, cgroup, uts, ipc, user, pid, net, time */
    CLONE_CLEAR_SIGHAND = 0x100000000,
};

struct clone_request {
    uint64_t flags, stack, parent_tid, child_tid, tls; /* stack: its top, 0: the caller's */
    uint32_t exit_signal;
};

static int64_t check_request(const struct clone_request *r)
{
    if (r->flags & CLONE_THREAD && (!(r->flags & CLONE_SIGHAND) || !(r->flags & CLONE_VM)))
        return -LINUX_EINVAL;
    if (r->flags & CLONE_SIGHAND && !(r->flags & CLONE_VM))
        return -LINUX_EINVAL;
    if (r->flags & CLONE_PIDFD || r->exit_signal > LINUX_NSIG)
        return -LINUX_EINVAL;
    return r->flags & CLONE_NEW_SPACES ? -LINUX_EPERM : 0;
}

/* The child goes on after the parent's call, with 0. */
static void child_registers(struct thread *child, struct thread *parent, const struct clone_request *r)
{
    const struct call_frame *f = thread_frame(parent);
    child->block.saved = (struct user_registers){
        .rax = 0, .rbx = f->rbx, .rcx = parent->block.user_rip, .rdx = f->rdx, .rsi = f->rsi, .rdi = f->rdi, .rbp = f->rbp,
        .rsp = r->stack ? r->stack : parent->block.user_rsp, .r8 = f->r8, .r9 = f->r9, .r10 = f->r10,
        .r11 = parent->block.user_rflags, .r12 = f->r12, .r13 = f->r13, .r14 = f->r14, .r15 = f->r15,
        .rip = parent->block.user_rip, .rflags = parent->block.user_rflags,
    };
    child->block.masked = 1;
}

static uint64_t resume_address(const struct process *p)
{
    return p->image_base + (uint64_t)(posix_resume - posix_image);
}

/* -- threads ------------------------------------------------------------------------------------------------------- */

static enum status start_thread_locked(struct thread *child, const struct clone_request *r)
{
    struct context_arguments arguments = {
        .entry = resume_address(child->process), .stack = (uint64_t)child, .thread_block = (uint64_t)child,
        .fs_base = r->flags & CLONE_SETTLS ? r->tls : UINT64_MAX,
    };
    return sys_context_create(&arguments, PLACE_HIGH, &child->context);
}

static int64_t clone_thread(struct thread *self, const struct clone_request *r)
{
    struct process *p = self->process;
    struct thread *child;
    LOCKED(&p->lock);
    enum status status = area_take_locked(p, &child);
    if (status != OK)
        return status == ERR_LIMIT ? -LINUX_EAGAIN : linux_failure(status);
    int32_t tid = child->tid = area_tid(p->pid, child->index);
    child->block.thread_id = (uint32_t)tid;
    child_registers(child, self, r);
    if (r->flags & CLONE_CHILD_CLEARTID)
        child->clear_tid = r->child_tid;
    int64_t result = 0;
    if (r->flags & CLONE_PARENT_SETTID)
        result = program_write_u32(r->parent_tid, (uint32_t)tid);
    if (result == 0 && r->flags & CLONE_CHILD_SETTID)
        result = program_write_u32(r->child_tid, (uint32_t)tid);
    if (result == 0 && (status = start_thread_locked(child, r)) != OK)
        result = status == ERR_LIMIT ? -LINUX_EAGAIN : linux_failure(status);
    if (result < 0) {
        area_put_locked(p, child);
        return result;
    }
    return tid;
}

/* -- processes ----------------------------------------------------------------------------------------------------- */

#define HIGH_HANDLES_MAX 8
static uint32_t collect_handles(const struct process *p, handle_t extra, handle_t *out)
{
    uint32_t n = 0;
    const handle_t all[] = {p->view, p->proc, p->log, p->table, p->image, p->clock, extra};
    for (size_t i = 0; i < ARRAY_LENGTH(all); i++)
        if (all[i] != HANDLE_NONE)
            out[n++] = all[i];
    return n;
}

static const volatile struct process_entry *entry_of_token(const struct process *p, uint64_t token)
{
    return p->table_base + (uint32_t)token;
}

/* What the child's copy of the state, in its own or in the shared space, must not have from the parent. */
static void become_child(struct process *p, struct thread *t, int32_t pid, uint64_t token)
{
    p->pid = t->tid = pid;
    t->block.thread_id = (uint32_t)pid;
    p->entry = entry_of_token(p, token);
    p->pending = 0;
    memset(p->queue, 0, sizeof p->queue);
    p->start_ns = clock_monotonic();
    timers_forget(p);
    t->pending = 0;
    memset(t->queue, 0, sizeof t->queue);
    t->context = HANDLE_NONE;
    t->robust_list = 0;
}

/* Makes the clone known; on failure it is gone without having run. */
static int64_t introduce_child(struct process *p, handle_t child, const struct clone_request *r, struct proc_fork_out *out)
{
    struct proc_fork_in in = {.process = child, .exit_signal = r->exit_signal, .flags = r->flags & CLONE_PARENT ? 1 : 0};
    enum status status = proc_fork(p->proc, &in, out);
    if (status == OK)
        return 0;
    IGNORE(sys_process_kill(child, LINUX_SIGKILL));
    IGNORE(sys_handle_close(child));
    return linux_failure(status);
}

static int64_t clone_failure(int64_t status)
{
    return status == ERR_LIMIT || status == ERR_NO_HANDLES ? -LINUX_EAGAIN : linux_failure(status);
}

static int64_t forked_child(struct thread *t, const struct clone_request *r, const uint64_t words[2])
{
    struct process *p = t->process;
    become_child(p, t, (int32_t)words[0], words[1]);
    p->vfork_writer = HANDLE_NONE;
    areas_forget_others(p, t);
    lock_release(&p->lock);
    if (r->stack)
        t->block.user_rsp = r->stack;
    t->clear_tid = r->flags & CLONE_CHILD_CLEARTID ? r->child_tid : 0;
    if (r->flags & CLONE_CHILD_SETTID)
        (void)program_write_u32(r->child_tid, (uint32_t)t->tid); /* as on Linux, a bad address is the program's problem */
    if (r->flags & CLONE_SETTLS)
        __asm__ volatile("wrfsbase %0" : : "r"(r->tls));
    return 0;
}

static int64_t clone_copy(struct thread *self, const struct clone_request *r)
{
    struct process *p = self->process;
    handle_t high[HIGH_HANDLES_MAX];
    uint64_t words[2];
    struct clone_arguments arguments = {
        .flags = r->flags & CLONE_FILES ? CLONE_SHARE_HANDLES_ : 0, .high_handles = (uint64_t)high, .fs_base = UINT64_MAX,
    };
    lock_take(&p->lock); /* held over the clone: both sides find the state whole, and release their own */
    arguments.high_count = collect_handles(p, HANDLE_NONE, high);
    int64_t child = sys_process_clone(&arguments, PLACE_HIGH, words);
    if (child == 0)
        return forked_child(self, r, words);
    lock_release(&p->lock);
    if (child < 0)
        return clone_failure(child);
    struct proc_fork_out known;
    TRY_LINUX(introduce_child(p, (handle_t)child, r, &known));
    if (r->flags & CLONE_PARENT_SETTID)
        (void)program_write_u32(r->parent_tid, (uint32_t)known.pid);
    enum status status = sys_process_start((handle_t)child, (uint64_t)(uint32_t)known.pid, known.token);
    IGNORE(sys_handle_close((handle_t)child));
    return status == OK ? known.pid : linux_failure(status);
}

/* -- vfork: the child borrows the address space -------------------------------------------------------------------- */

/* Its end of a pipe closes when the child execs or ends, however it ends. Only the parent's own end interrupts the wait; signals
 * that come meanwhile are looked at afterwards. */
static void await_child(struct thread *self, handle_t reader)
{
    uint8_t byte;
    bool signalled = false;
    while (sys_read(reader, &byte, 1, UINT64_MAX) == ERR_INTERRUPTED) {
        __atomic_store_n(&self->block.pending, 0, __ATOMIC_SEQ_CST);
        signalled = true;
    }
    if (signalled)
        thread_set_pending(self);
}

struct borrowed {                      /* what a child in our address space stands on */
    struct process *state;
    struct thread *thread;
};

static enum status borrow_begin(struct thread *self, const struct clone_request *r, struct borrowed *out)
{
    struct process *p = self->process;
    void *state;
    TRY(sys_map_anonymous(PROCESS_STATE_BYTES, 0, &state));
    LOCKED(&p->lock);
    enum status status = area_take_locked(p, &out->thread);
    if (status != OK) {
        IGNORE(sys_unmap(HANDLE_SELF_SPACE, (uint64_t)state, PROCESS_STATE_BYTES));
        return status;
    }
    /* The place stays taken (`used`), but the thread is not one of ours. */
    p->threads[out->thread->index] = nullptr;
    p->thread_count--;
    out->state = state;
    memcpy(out->state, p, sizeof *p);
    out->state->lock = (struct lock){};
    memset(out->state->threads, 0, sizeof out->state->threads);
    out->state->threads[out->thread->index] = out->thread;
    out->state->thread_count = 1;
    out->thread->process = out->state;
    out->thread->alternate = r->stack ? out->thread->alternate : self->alternate;
    out->thread->clear_tid = r->flags & CLONE_CHILD_CLEARTID ? r->child_tid : 0;
    child_registers(out->thread, self, r);
    return OK;
}

static void borrow_end(const struct borrowed *b)
{
    __c11_atomic_store(&b->thread->used, 0, __ATOMIC_RELEASE);
    IGNORE(sys_unmap(HANDLE_SELF_SPACE, (uint64_t)b->state, PROCESS_STATE_BYTES));
}

static int64_t start_borrowed(struct process *p, const struct clone_request *r, const struct borrowed *b)
{
    handle_t high[HIGH_HANDLES_MAX];
    uint64_t words[2];
    struct clone_arguments arguments = {
        .flags = CLONE_SHARE_SPACE_ | (r->flags & CLONE_FILES ? CLONE_SHARE_HANDLES_ : 0), .high_handles = (uint64_t)high,
        .thread_block = (uint64_t)b->thread, .stack = (uint64_t)b->thread, .entry = resume_address(p),
        .fs_base = r->flags & CLONE_SETTLS ? r->tls : UINT64_MAX,
    };
    arguments.high_count = collect_handles(b->state, b->state->vfork_writer, high);
    int64_t child = sys_process_clone(&arguments, PLACE_HIGH, words);
    if (child < 0)
        return clone_failure(child);
    struct proc_fork_out known;
    TRY_LINUX(introduce_child(p, (handle_t)child, r, &known));
    become_child(b->state, b->thread, known.pid, known.token);
    if (r->flags & CLONE_PARENT_SETTID)
        (void)program_write_u32(r->parent_tid, (uint32_t)known.pid);
    if (r->flags & CLONE_CHILD_SETTID)
        (void)program_write_u32(r->child_tid, (uint32_t)known.pid);
    enum status status = sys_process_start((handle_t)child, 0, 0);
    IGNORE(sys_handle_close((handle_t)child));
    return status == OK ? known.pid : linux_failure(status);
}

static int64_t clone_borrow(struct thread *self, const struct clone_request *r)
{
    struct borrowed b;
    handle_t ends[2] = {HANDLE_NONE, HANDLE_NONE};
    bool waits = r->flags & CLONE_VFORK;
    enum status status = waits ? sys_pipe_create(ends, PLACE_HIGH | PLACE_CLOSE_ON_EXEC, 0) : OK;
    if (status != OK)
        return clone_failure(status);
    status = borrow_begin(self, r, &b);
    int64_t result = status == OK ? 0 : clone_failure(status);
    if (status == OK) {
        b.state->vfork_writer = ends[1];
        result = start_borrowed(self->process, r, &b);
        if (result < 0)
            borrow_end(&b);
    }
    if (waits) {
        IGNORE(sys_handle_close(ends[1]));
        if (result >= 0) {
            await_child(self, ends[0]);
            borrow_end(&b);
        }
        IGNORE(sys_handle_close(ends[0]));
    }
    return result; /* without CLONE_VFORK the child keeps its area and state for as long as the address space lives */
}

/* -- the calls ----------------------------------------------------------------------------------------------------- */

static int64_t clone_any(const struct clone_request *r)
{
    struct thread *self = thread_current();
    TRY_LINUX(check_request(r));
    if (r->flags & CLONE_THREAD)
        return clone_thread(self, r);
    return r->flags & CLONE_VM ? clone_borrow(self, r) : clone_copy(self, r);
}

LINUX_CALL(fork, void)
{
    return clone_any(&(struct clone_request){.exit_signal = LINUX_SIGCHLD});
}

LINUX_CALL(vfork, void)
{
    return clone_any(&(struct clone_request){.flags = CLONE_VM | CLONE_VFORK, .exit_signal = LINUX_SIGCHLD});
}

LINUX_CALL(clone, uint64_t flags, uint64_t stack, uint64_t parent_tid, uint64_t child_tid, uint64_t tls)
{
    struct clone_request r = {
        .flags = flags & 0xffffff00, .stack = stack, .parent_tid = parent_tid, .child_tid = child_tid, .tls = tls,
        .exit_signal = flags & 0xff,
    };
    return clone_any(&r);
}

struct linux_clone_args {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_bytes, tls, set_tid, set_tid_count, cgroup;
};

LINUX_CALL(clone3, uint64_t address, uint64_t bytes)
{
    struct linux_clone_args a = {};
    if (bytes < 64 || bytes > PAGE_SIZE_BYTES)
        return bytes < 64 ? -LINUX_EINVAL : -LINUX_E2BIG;
    TRY_LINUX(program_read(&a, address, MIN(bytes, sizeof a)));
    if (a.flags & 0xff || a.set_tid_count || a.exit_signal > LINUX_NSIG || !a.stack != !a.stack_bytes)
        return -LINUX_EINVAL;
    struct clone_request r = {
        .flags = a.flags & ~CLONE_CLEAR_SIGHAND, .stack = a.stack + a.stack_bytes, .parent_tid = a.parent_tid,
        .child_tid = a.child_tid, .tls = a.tls, .exit_signal = (uint32_t)a.exit_signal,
    };
    if (a.flags & CLONE_CLEAR_SIGHAND)
        return -LINUX_EINVAL; /* callers fall back to resetting the actions themselves */
    return clone_any(&r);
}

/* A process shares descriptors, directory and address space with nobody but its own threads: for one thread there is nothing to do. */
LINUX_CALL(unshare, uint64_t flags)
{
    if (flags & ~(uint64_t)(CLONE_NEW_SPACES | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM))
        return -LINUX_EINVAL;
    if (flags & CLONE_NEW_SPACES)
        return -LINUX_EPERM;
    return process_current()->thread_count == 1 ? 0 : -LINUX_EINVAL;
}
