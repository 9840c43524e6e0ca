/* SPDX-License-Identifier: MIT
 * A thread's own words: thread id, the word cleared at its end, robust list, fs and gs; and its end. */
#include "posix/signal/signal.h"
#include "posix/thread/area.h"
#include "sys/syscall.h"

LINUX_CALL(gettid, void)
{
    return thread_current()->tid;
}

LINUX_CALL(set_tid_address, uint64_t address)
{
    struct thread *t = thread_current();
    t->clear_tid = address;
    return t->tid;
}

#define ROBUST_HEAD_BYTES 24u
LINUX_CALL(set_robust_list, uint64_t head, uint64_t bytes)
{
    struct thread *t = thread_current();
    if (bytes != ROBUST_HEAD_BYTES)
        return -LINUX_EINVAL;
    t->robust_list = head;
    t->robust_bytes = bytes;
    return 0;
}

LINUX_CALL(get_robust_list, int32_t tid, uint64_t head, uint64_t bytes)
{
    struct thread *t = thread_current();
    if (tid && tid != t->tid)
        return -LINUX_EPERM;
    TRY_LINUX(program_write_u64(head, t->robust_list));
    return program_write_u64(bytes, ROBUST_HEAD_BYTES);
}

enum : uint32_t { ARCH_SET_GS = 0x1001, ARCH_SET_FS = 0x1002, ARCH_GET_FS = 0x1003, ARCH_GET_GS = 0x1004 };

LINUX_CALL(arch_prctl, uint32_t what, uint64_t address)
{
    uint64_t base;
    switch (what) {
    case ARCH_SET_FS: case ARCH_SET_GS:
        if (address >= USER_LIMIT)
            return -LINUX_EPERM;
        if (what == ARCH_SET_FS)
            __asm__ volatile("wrfsbase %0" : : "r"(address));
        else
            __asm__ volatile("wrgsbase %0" : : "r"(address));
        return 0;
    case ARCH_GET_FS:
        __asm__ volatile("rdfsbase %0" : "=r"(base));
        return program_write_u64(address, base);
    case ARCH_GET_GS:
        __asm__ volatile("rdgsbase %0" : "=r"(base));
        return program_write_u64(address, base);
    default:
        return -LINUX_EINVAL;
    }
}

/* -- robust futexes: locks that their owner's end gives back ------------------------------------------------------- */

#define ROBUST_OWNER_DIED 0x40000000u
#define ROBUST_WAITERS 0x80000000u
#define ROBUST_TID 0x3fffffffu
#define ROBUST_LIMIT 2048

static int64_t robust_release(const struct thread *t, uint64_t word, bool has_owner)
{
    uint32_t value, seen;
    TRY_LINUX(program_read_u32(word, &value));
    if (has_owner && (value & ROBUST_TID) == (uint32_t)t->tid && value & ROBUST_WAITERS)
        return linux_result((enum status)sys_futex((volatile uint32_t *)word, FUTEX_UNLOCK, FUTEX_OWNER_DIED, 0, nullptr, 0));
    while ((value & ROBUST_TID) == (uint32_t)t->tid) {
        TRY_LINUX(program_exchange_u32(word, value, (value & ROBUST_WAITERS) | ROBUST_OWNER_DIED, &seen));
        if (seen == value) {
            if (value & ROBUST_WAITERS)
                (void)sys_futex((volatile uint32_t *)word, FUTEX_WAKE, 1, 0, nullptr, 0);
            break;
        }
        value = seen;
    }
    return 0;
}

/* The list is the program's: it may be broken or endless. Head: { next, offset of the word in an element, pending }. */
static void robust_release_all(const struct thread *t)
{
    uint64_t entry, offset, pending;
    if (!t->robust_list || program_read_u64(t->robust_list, &entry) < 0 || program_read_u64(t->robust_list + 8, &offset) < 0 ||
        program_read_u64(t->robust_list + 16, &pending) < 0)
        return;
    for (int n = 0; n < ROBUST_LIMIT && (entry & ~1ull) != t->robust_list; n++) {
        uint64_t at = entry & ~1ull;
        bool has_owner = entry & 1;
        if (program_read_u64(at, &entry) < 0)
            return;
        if (at != (pending & ~1ull) && robust_release(t, at + offset, has_owner) < 0)
            return;
    }
    if (pending & ~1ull)
        (void)robust_release(t, (pending & ~1ull) + offset, pending & 1);
}

/* -- the end ------------------------------------------------------------------------------------------------------ */

[[noreturn]] void thread_leave(struct thread *t, uint64_t clear_word);

LINUX_CALL(exit_group, uint32_t code)
{
    robust_release_all(thread_current());
    sys_process_exit((code & 0xff) << 8);
}

LINUX_CALL(exit, uint32_t code)
{
    struct thread *t = thread_current();
    struct process *p = t->process;
    robust_release_all(t);
    lock_take(&p->lock);
    if (p->thread_count == 1)
        sys_process_exit((code & 0xff) << 8);
    p->threads[t->index] = nullptr;
    p->thread_count--;
    handle_t context = t->context;
    lock_release(&p->lock);
    if (context != HANDLE_NONE)
        IGNORE(sys_handle_close(context));
    thread_leave(t, t->clear_tid);
}

/* -- what is not there on purpose: asked for at each start, and answered without a line in the log ------------------- */

LINUX_CALL(rseq, void) { return -LINUX_ENOSYS; }

/* -- barriers over all threads ---------------------------------------------------------------------------------------- */

enum : uint32_t { BARRIER_QUERY = 0, BARRIER_PRIVATE = 8, BARRIER_REGISTER_PRIVATE = 16 };

/* Taking a right away from a page that was just written makes every processor that runs this process answer the kernel before the
 * call returns: each has passed a barrier then. */
static enum status interrupt_all_processors(void)
{
    uint64_t page;
    TRY(sys_map(HANDLE_SELF_SPACE, 0, PAGE_SIZE_BYTES, PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &page));
    *(volatile uint32_t *)page = 1;
    enum status status = sys_protect(HANDLE_SELF_SPACE, page, PAGE_SIZE_BYTES, PROT_READ_);
    IGNORE(sys_unmap(HANDLE_SELF_SPACE, page, PAGE_SIZE_BYTES));
    return status;
}

LINUX_CALL(membarrier, uint32_t command, uint32_t flags)
{
    if (flags)
        return -LINUX_EINVAL;
    switch (command) {
    case BARRIER_QUERY: return BARRIER_PRIVATE | BARRIER_REGISTER_PRIVATE;
    case BARRIER_REGISTER_PRIVATE: return 0;
    case BARRIER_PRIVATE: return linux_result(interrupt_all_processors());
    default: return -LINUX_EINVAL;
    }
}
