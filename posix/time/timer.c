/* SPDX-License-Identifier: MIT
 * POSIX timers. A process that makes one gets a context that the program does not see: it stays in the library, sleeps until the next
 * timer is due, and sends its signal as the process itself would. Timers end with exec, and a child has none.
 * All of struct process's `timers` is under its lock. */
#include "base/string.h"
#include "posix/core/image.h"
#include "posix/signal/signal.h"
#include "posix/thread/area.h"
#include "posix/time/time.h"
#include "sys/syscall.h"

#define NS_PER_SECOND 1000000000ull
enum : uint32_t { NOTIFY_SIGNAL = 0, NOTIFY_NONE = 1, NOTIFY_THREAD = 4 };
struct linux_sigevent { uint64_t value; int32_t signal, notify, tid; uint8_t padding[44]; };
static_assert(sizeof(struct linux_sigevent) == 64);
struct linux_itimerspec { struct linux_timespec interval, value; };

/* -- the context that waits ----------------------------------------------------------------------------------------- */

static struct thread *thread_by_tid_locked(struct process *p, int32_t tid)
{
    for (uint32_t i = 0; i < PROCESS_THREADS; i++)
        if (p->threads[i] && p->threads[i]->tid == tid)
            return p->threads[i];
    return nullptr;
}

/* A timer has at most one signal pending; what else comes meanwhile is counted. */
static bool is_queued(const struct proc_signal_info *queue, size_t slots, uint32_t id)
{
    for (size_t i = 0; i < slots && queue[i].signal; i++)
        if (queue[i].code == LINUX_SI_TIMER && queue[i].timer == id)
            return true;
    return false;
}

struct due { struct proc_signal_info info; struct thread *target; bool fires; };

/* Moves the timer on and says what to send. */
static struct due expire_locked(struct process *p, uint32_t id, uint64_t now)
{
    struct timer *t = &p->timers[id];
    struct due due = {.target = t->tid ? thread_by_tid_locked(p, t->tid) : nullptr};
    uint64_t missed = t->period_ns ? (now - t->deadline) / t->period_ns : 0;
    t->deadline = t->period_ns ? t->deadline + (missed + 1) * t->period_ns : 0;
    if (t->notify == NOTIFY_NONE || (t->tid && !due.target))
        return due;
    bool queued = due.target ? is_queued(due.target->queue, THREAD_QUEUE, id) : is_queued(p->queue, PROCESS_QUEUE, id);
    t->overrun = (queued ? t->overrun + 1 : 0) + (uint32_t)missed;
    due.fires = !queued;
    due.info = (struct proc_signal_info){.signal = t->signal, .code = LINUX_SI_TIMER, .timer = id, .value = t->value,
                                         .status = (int32_t)t->overrun};
    return due;
}

/* One timer that is due, or when the next one will be. */
static bool next_due(struct process *p, struct due *out, uint64_t *out_deadline)
{
    LOCKED(&p->lock);
    uint64_t now = clock_monotonic();
    *out_deadline = DEADLINE_NEVER;
    for (uint32_t i = 0; i < PROCESS_TIMERS; i++) {
        const struct timer *t = &p->timers[i];
        if (!t->used || !t->deadline)
            continue;
        if (t->deadline <= now) {
            *out = expire_locked(p, i, now);
            return true;
        }
        *out_deadline = MIN(*out_deadline, t->deadline);
    }
    return false;
}

[[noreturn]] static void wait_for_timers(void)
{
    struct thread *self = thread_current();
    struct process *p = self->process;
    for (;;) {
        struct due due = {};
        uint64_t deadline;
        uint32_t seen = __atomic_load_n(&p->timer_changes, __ATOMIC_ACQUIRE); /* before looking: a change after it ends the wait */
        if (next_due(p, &due, &deadline)) {
            if (due.fires)
                (void)(due.target ? signal_send_thread(due.target, &due.info) : signal_send_process(p, &due.info));
            continue;
        }
        __atomic_store_n(&self->block.pending, 0, __ATOMIC_RELAXED); /* signals are the others' business */
        (void)sys_futex(&p->timer_changes, FUTEX_WAIT | FUTEX_PRIVATE, seen, deadline, nullptr, 0);
    }
}

static enum status start_waiting_locked(struct process *p)
{
    struct thread *t;
    if (p->timer_context != HANDLE_NONE)
        return OK;
    TRY(area_take_locked(p, &t));
    p->threads[t->index] = nullptr; /* not one of the program's; its place stays taken */
    p->thread_count--;
    t->mask = ~0ull;
    struct context_arguments arguments = {
        .entry = (uint64_t)wait_for_timers, .stack = (uint64_t)t - 8, .thread_block = (uint64_t)t, .fs_base = UINT64_MAX,
    };
    enum status status = sys_context_create(&arguments, PLACE_HIGH, &p->timer_context);
    if (status != OK) {
        p->timer_context = HANDLE_NONE;
        __c11_atomic_store(&t->used, 0, __ATOMIC_RELEASE);
    }
    return status;
}

void timers_forget(struct process *p)
{
    memset(p->timers, 0, sizeof p->timers);
    p->timer_context = HANDLE_NONE;
}

/* -- the calls ------------------------------------------------------------------------------------------------------ */

static int64_t check_event(const struct process *p, const struct linux_sigevent *event)
{
    bool known = event->notify == NOTIFY_SIGNAL || event->notify == NOTIFY_NONE || event->notify == NOTIFY_THREAD;
    if (!known || (event->notify != NOTIFY_NONE && (event->signal < 1 || event->signal > (int32_t)LINUX_NSIG)))
        return -LINUX_EINVAL;
    if (event->notify == NOTIFY_THREAD && (event->tid & ((1 << TID_PROCESS_BITS) - 1)) != p->pid)
        return -LINUX_EINVAL;
    return 0;
}

static int64_t make_locked(struct process *p, uint32_t clock, const struct linux_sigevent *event, bool is_default, uint32_t *out_id)
{
    uint32_t id = 0;
    while (id < PROCESS_TIMERS && p->timers[id].used)
        id++;
    if (id == PROCESS_TIMERS)
        return -LINUX_EAGAIN;
    TRY_LINUX(linux_result(start_waiting_locked(p)));
    p->timers[id] = (struct timer){
        .used = true, .realtime = clock == LINUX_CLOCK_REALTIME, .notify = (uint32_t)event->notify, .signal = event->signal,
        .tid = event->notify == NOTIFY_THREAD ? event->tid : 0, .value = is_default ? id : event->value,
    };
    *out_id = id;
    return 0;
}

LINUX_CALL(timer_create, uint32_t clock, uint64_t event_address, uint64_t id_address)
{
    struct process *p = process_current();
    struct linux_sigevent event = {.signal = LINUX_SIGALRM};
    uint32_t id;
    if (clock != LINUX_CLOCK_REALTIME && clock != LINUX_CLOCK_MONOTONIC && clock != LINUX_CLOCK_BOOTTIME)
        return clock == LINUX_CLOCK_PROCESS_CPUTIME || clock == LINUX_CLOCK_THREAD_CPUTIME ? -LINUX_EOPNOTSUPP : -LINUX_EINVAL;
    if (event_address)
        TRY_LINUX(PROGRAM_READ(&event, event_address));
    TRY_LINUX(check_event(p, &event));
    lock_take(&p->lock);
    int64_t result = make_locked(p, clock, &event, !event_address, &id);
    lock_release(&p->lock);
    TRY_LINUX(result);
    return program_write_u32(id_address, id);
}

static struct timer *timer_at_locked(struct process *p, uint32_t id)
{
    return id < PROCESS_TIMERS && p->timers[id].used ? &p->timers[id] : nullptr;
}

static struct linux_itimerspec show_locked(const struct timer *t)
{
    uint64_t now = clock_monotonic(), left = 0;
    if (t->deadline)
        left = t->deadline > now ? t->deadline - now : 1;
    return (struct linux_itimerspec){
        .interval = {(int64_t)(t->period_ns / NS_PER_SECOND), (int64_t)(t->period_ns % NS_PER_SECOND)},
        .value = {(int64_t)(left / NS_PER_SECOND), (int64_t)(left % NS_PER_SECOND)},
    };
}

static void set_locked(struct process *p, struct timer *t, uint64_t first_ns, uint64_t period_ns, bool absolute)
{
    uint64_t offset = absolute && t->realtime ? clock_realtime() - clock_monotonic() : 0;
    t->deadline = 0;
    if (first_ns && absolute)
        t->deadline = first_ns > offset ? first_ns - offset : 1;
    else if (first_ns)
        t->deadline = clock_monotonic() + first_ns;
    t->period_ns = period_ns;
    t->overrun = 0;
    __atomic_add_fetch(&p->timer_changes, 1, __ATOMIC_RELEASE);
    (void)sys_futex(&p->timer_changes, FUTEX_WAKE | FUTEX_PRIVATE, 1, 0, nullptr, 0);
}

LINUX_CALL(timer_settime, uint32_t id, uint32_t flags, uint64_t new_address, uint64_t old_address)
{
    struct process *p = process_current();
    uint64_t period, first;
    struct linux_itimerspec old;
    if (!new_address)
        return -LINUX_EINVAL;
    TRY_LINUX(timespec_from_program(new_address, &period));
    TRY_LINUX(timespec_from_program(new_address + sizeof(struct linux_timespec), &first));
    {
        LOCKED(&p->lock);
        struct timer *t = timer_at_locked(p, id);
        if (!t)
            return -LINUX_EINVAL;
        old = show_locked(t);
        set_locked(p, t, first, period, flags & LINUX_TIMER_ABSTIME);
    }
    return old_address ? PROGRAM_WRITE(old_address, &old) : 0;
}

LINUX_CALL(timer_gettime, uint32_t id, uint64_t address)
{
    struct process *p = process_current();
    struct linux_itimerspec shown;
    {
        LOCKED(&p->lock);
        const struct timer *t = timer_at_locked(p, id);
        if (!t)
            return -LINUX_EINVAL;
        shown = show_locked(t);
    }
    return PROGRAM_WRITE(address, &shown);
}

LINUX_CALL(timer_getoverrun, uint32_t id)
{
    struct process *p = process_current();
    LOCKED(&p->lock);
    const struct timer *t = timer_at_locked(p, id);
    return t ? (int64_t)MIN(t->overrun, (uint32_t)INT32_MAX) : -LINUX_EINVAL;
}

LINUX_CALL(timer_delete, uint32_t id)
{
    struct process *p = process_current();
    LOCKED(&p->lock);
    struct timer *t = timer_at_locked(p, id);
    if (!t)
        return -LINUX_EINVAL;
    *t = (struct timer){};
    return 0;
}
