/* SPDX-License-Identifier: MIT
 * epoll on native event queues. The queue's tag is the program's data word, so nothing is kept here. */
#include "posix/core/call.h"
#include "posix/poll/convert.h"
#include "sys/syscall.h"

static int64_t queue_make(bool close_on_exec)
{
    handle_t queue;
    enum status s = sys_queue_create(PLACE_LOW(0) | (close_on_exec ? PLACE_CLOSE_ON_EXEC : 0), &queue);
    return s == OK ? queue : linux_failure(s);
}

LINUX_CALL(epoll_create, int32_t size) { return size > 0 ? queue_make(false) : -LINUX_EINVAL; }

LINUX_CALL(epoll_create1, uint32_t flags)
{
    return flags & ~LINUX_EPOLL_CLOEXEC ? -LINUX_EINVAL : queue_make(flags & LINUX_EPOLL_CLOEXEC);
}

/* Readiness means nothing for files, and programs learn it from this refusal (libuv, for one, then uses threads). */
static bool descriptor_is_file(handle_t handle)
{
    struct handle_info info;
    return sys_handle_info(handle, &info) == OK && info.kind == OBJECT_STREAM;
}

LINUX_CALL(epoll_ctl, uint32_t queue, uint32_t operation, uint32_t fd, uint64_t event_address)
{
    static const uint8_t OPERATIONS[] = {0, QUEUE_ADD, QUEUE_REMOVE, QUEUE_CHANGE};
    struct linux_epoll_event event = {};
    if (operation != LINUX_EPOLL_CTL_DEL)
        TRY_LINUX(PROGRAM_READ(&event, event_address));
    if (!fd_is_valid(queue) || !fd_is_valid(fd))
        return -LINUX_EBADF;
    if (operation == 0 || operation >= ARRAY_LENGTH(OPERATIONS) || queue == fd)
        return -LINUX_EINVAL;
    if (operation == LINUX_EPOLL_CTL_ADD && descriptor_is_file((handle_t)fd))
        return -LINUX_EPERM;
    enum status s = sys_queue_control((handle_t)queue, OPERATIONS[operation], (handle_t)fd, events_from_epoll(event.events), event.data);
    if (s == ERR_WRONG_TYPE)
        return -LINUX_EINVAL;
    return s == OK ? 0 : linux_failure(s);
}

#define EVENTS_AT_ONCE 64u
static int64_t events_to_program(uint64_t to, const struct queue_event *events, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint64_t at = to + (uint64_t)i * sizeof(struct linux_epoll_event), tag = events[i].tag; /* 4 and 8 bytes, not padded */
        TRY_LINUX(program_write_u64(at, POLL_ANSWERS[events[i].ready % 128] | tag << 32));
        TRY_LINUX(program_write_u32(at + 8, (uint32_t)(tag >> 32)));
    }
    return count;
}

/* At most EVENTS_AT_ONCE are taken, so that all of them fit here: what is taken from the queue must reach the program. */
static int64_t queue_take(uint32_t queue, uint64_t to, int32_t most, uint64_t deadline)
{
    if (most <= 0)
        return -LINUX_EINVAL;
    if (!fd_is_valid(queue))
        return -LINUX_EBADF;
    __attribute__((uninitialized)) struct queue_event events[EVENTS_AT_ONCE];
    int64_t count = sys_queue_wait((handle_t)queue, events, MIN((uint32_t)most, EVENTS_AT_ONCE), deadline);
    if (count == ERR_TIMED_OUT || count == ERR_WOULD_BLOCK)
        return 0;
    if (count == ERR_WRONG_TYPE)
        return -LINUX_EINVAL;
    if (count == ERR_INTERRUPTED) {
        (void)linux_failure(count);
        return -LINUX_EINTR; /* never begun again */
    }
    return count < 0 ? linux_failure(count) : events_to_program(to, events, count);
}

static uint64_t deadline_after_ms(int32_t timeout_ms)
{
    if (timeout_ms < 0)
        return DEADLINE_NEVER;
    return timeout_ms ? clock_monotonic() + (uint64_t)timeout_ms * 1000000 : DEADLINE_NOW;
}

LINUX_CALL(epoll_wait, uint32_t queue, uint64_t to, int32_t most, int32_t timeout_ms)
{
    return queue_take(queue, to, most, deadline_after_ms(timeout_ms));
}

LINUX_CALL(epoll_pwait, uint32_t queue, uint64_t to, int32_t most, int32_t timeout_ms, uint64_t mask, uint64_t mask_bytes)
{
    if (!mask)
        return queue_take(queue, to, most, deadline_after_ms(timeout_ms));
    TRY_LINUX(signal_mask_enter(mask, mask_bytes));
    return signal_mask_leave(queue_take(queue, to, most, deadline_after_ms(timeout_ms)));
}

LINUX_CALL(epoll_pwait2, uint32_t queue, uint64_t to, int32_t most, uint64_t timeout, uint64_t mask, uint64_t mask_bytes)
{
    uint64_t deadline;
    TRY_LINUX(deadline_from_program(timeout, &deadline));
    TRY_LINUX(signal_mask_enter(mask, mask_bytes));
    return signal_mask_leave(queue_take(queue, to, most, deadline));
}
