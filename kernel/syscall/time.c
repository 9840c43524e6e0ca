/* SPDX-License-Identifier: MIT
 * Time, futexes, readiness, log, random, what the system is. */
#include "abi/event.h"
#include "arch/machine.h"
#include "kernel/core/log.h"
#include "kernel/ipc/poll.h"
#include "kernel/ipc/queue.h"
#include "kernel/main/entropy.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/user_copy.h"
#include "kernel/object/small.h"
#include "kernel/syscall/syscall.h"
#include "kernel/task/futex.h"
#include "kernel/task/load.h"

#define LOG_LINE_MAX 1024u
#define RANDOM_MAX 256u

int64_t sys_futex(struct trap_frame *f)
{
    uint32_t operation = (uint32_t)ARG1(f) & 0x7f, flags = (uint32_t)ARG1(f), count;
    uint64_t deadline = ARG3(f);
    user_addr_t word = user(ARG0(f));
    if (ARG1(f) & ~(uint64_t)(0x7f | FUTEX_PRIVATE | FUTEX_REALTIME))
        return ERR_INVALID;
    if (flags & FUTEX_REALTIME && deadline != DEADLINE_NEVER) {
        uint64_t offset = (uint64_t)arch_realtime_offset_ns();
        deadline = deadline > offset ? deadline - offset : 1;
    }
    switch (operation) {
    case FUTEX_WAIT:
        return futex_wait(word, (uint32_t)ARG2(f), deadline, ~0u, flags);
    case FUTEX_WAIT_MASK:
        return futex_wait(word, (uint32_t)ARG2(f), deadline, (uint32_t)ARG5(f), flags);
    case FUTEX_WAKE:
        TRY_CALL(futex_wake(word, (uint32_t)ARG2(f), ~0u, flags, &count));
        return count;
    case FUTEX_WAKE_MASK:
        TRY_CALL(futex_wake(word, (uint32_t)ARG2(f), (uint32_t)ARG5(f), flags, &count));
        return count;
    case FUTEX_REQUEUE:
        TRY_CALL(futex_requeue(word, (uint32_t)ARG2(f), user(ARG4(f)), (uint32_t)ARG5(f), flags, &count));
        return count;
    case FUTEX_LOCK:
    case FUTEX_TRY_LOCK:
        return futex_lock(word, deadline, flags, operation == FUTEX_TRY_LOCK);
    case FUTEX_UNLOCK:
        return futex_unlock(word, flags, (uint32_t)ARG2(f));
    default:
        return ERR_INVALID;
    }
}

int64_t sys_yield(struct trap_frame *f)
{
    (void)f;
    context_yield();
    return OK;
}

int64_t sys_clock_get(struct trap_frame *f)
{
    switch (ARG0(f)) {
    case CLOCK_MONOTONIC_:
        return (int64_t)arch_time_ns();
    case CLOCK_REALTIME_:
        return (int64_t)arch_time_ns() + arch_realtime_offset_ns();
    case CLOCK_PROCESS_CPU_:
        return (int64_t)(__atomic_load_n(&caller()->user_ns, __ATOMIC_RELAXED) + context_running_ns());
    case CLOCK_CONTEXT_CPU_:
        return (int64_t)(context_cpu_ns(current()) + context_running_ns());
    default:
        return ERR_INVALID;
    }
}

static bool never(void *argument)
{
    (void)argument;
    return false;
}

int64_t sys_sleep(struct trap_frame *f)
{
    if (ARG0(f) <= arch_time_ns())
        return OK;
    struct wait_queue q;
    wait_queue_init(&q);
    enum status status = wait_until(&q, never, nullptr, ARG0(f), WAIT_INTERRUPTIBLE, "sleep");
    return status == ERR_TIMED_OUT ? OK : status;
}

int64_t sys_timer_create(struct trap_frame *f)
{
    struct object *o;
    TRY_CALL(timer_object_create(&o));
    return install_new(o, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, ARG0(f));
}

int64_t sys_timer_set(struct trap_frame *f, struct object *o)
{
    uint64_t left;
    TRY_CALL(timer_object_set(o, ARG1(f), ARG2(f), &left));
    return (int64_t)left;
}

int64_t sys_poll(struct trap_frame *f)
{
    uint32_t ready;
    if (ARG1(f) > POLL_ENTRIES_MAX)
        return ERR_INVALID;
    TRY_CALL(poll_wait(caller_handles(), user(ARG0(f)), (uint32_t)ARG1(f), ARG2(f), &ready));
    return ready;
}

int64_t sys_queue_create(struct trap_frame *f)
{
    struct object *o;
    TRY_CALL(queue_create(&o));
    return install_new(o, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, ARG0(f));
}

int64_t sys_queue_control(struct trap_frame *f, struct object *o)
{
    CLEANUP(object_put) struct object *target = nullptr;
    TRY_CALL(handle_get(caller_handles(), (handle_t)ARG2(f), 0, 0, &target));
    return queue_control(o, (uint32_t)ARG1(f), (handle_t)ARG2(f), target, (uint32_t)ARG3(f), ARG4(f));
}

int64_t sys_queue_wait(struct trap_frame *f, struct object *o)
{
    uint32_t count;
    TRY_CALL(queue_wait(o, user(ARG1(f)), (uint32_t)MIN(ARG2(f), UINT32_MAX), ARG3(f), &count));
    return count;
}

int64_t sys_doorbell_create(struct trap_frame *f)
{
    struct object *o;
    TRY_CALL(doorbell_create(&o));
    return install_new(o, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, ARG0(f));
}

int64_t sys_doorbell_ring(struct trap_frame *f, struct object *o)
{
    (void)f;
    doorbell_ring(o);
    return OK;
}

int64_t sys_log_write(struct trap_frame *f, struct object *o)
{
    (void)o; /* to hold it is enough */
    uint8_t line[LOG_LINE_MAX];
    if (ARG1(f) > LOG_DEBUG)
        return ERR_INVALID;
    size_t length = MIN(ARG3(f), sizeof line);
    TRY_CALL(copy_from_user(line, user(ARG2(f)), length));
    log_text((enum log_level)ARG1(f), (struct view){line, length});
    return (int64_t)length;
}

int64_t sys_random(struct trap_frame *f)
{
    uint8_t bytes[RANDOM_MAX];
    if (ARG1(f) > sizeof bytes)
        return ERR_INVALID;
    entropy_fill((struct span){bytes, ARG1(f)});
    return copy_to_user(user(ARG0(f)), bytes, ARG1(f));
}

static void count_context(struct context *c, void *argument)
{
    (void)c;
    ++*(uint32_t *)argument;
}

int64_t sys_system_info(struct trap_frame *f)
{
    struct system_info info = {.uptime_ns = arch_time_ns(), .cpus = cpu_count, .processes = process_count(), .runnable = runnable_count()};
    struct frame_counts frames;
    frame_counts(&frames);
    info.memory_bytes = frames.total * PAGE_BYTES;
    info.free_bytes = frames.free * PAGE_BYTES;
    info.cached_bytes = frames.object * PAGE_BYTES;
    info.kernel_bytes = frames.kernel * PAGE_BYTES;
    info.boot_realtime_ns = (uint64_t)arch_realtime_offset_ns();
    for (uint32_t i = 0; i < cpu_count; i++) {
        info.idle_ns += context_cpu_ns(cpus[i]->idle) + context_uncharged_ns(cpus[i]->idle);
        info.switches += cpus[i]->switches;
        info.table_loads += cpus[i]->table_loads;
        info.interrupts += cpus[i]->interrupts;
        info.calls += cpus[i]->calls;
        info.faults += cpus[i]->faults;
    }
    context_for_each(count_context, &info.contexts);
    load_average(&info.load_1, &info.load_5, &info.load_15);
    return copy_to_user(user(ARG0(f)), &info, sizeof info);
}
