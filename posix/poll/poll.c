/* SPDX-License-Identifier: MIT
 * poll, ppoll, select, pselect6: one native poll. A pollfd and our poll_entry have the same shape, so the program's array is copied
 * once, turned in place, and only what happened is written back. Small arrays live on the stack, large ones in a mapping. */
#include "posix/core/call.h"
#include "posix/linux/file.h"
#include "posix/poll/convert.h"
#include "sys/syscall.h"

#define POLL_SMALL 128u
#define POLL_MOST 65536u
#define POLL_BYTES(count) align_up((count) * sizeof(struct poll_entry), PAGE_SIZE_BYTES)

/* `small`, or a mapping when it is too small. */
static int64_t entries_make(uint64_t count, struct poll_entry *small, struct poll_entry **out)
{
    *out = small;
    if (likely(count <= POLL_SMALL))
        return 0;
    void *mapped;
    enum status s = sys_map_anonymous(POLL_BYTES(count), 0, &mapped);
    if (s != OK)
        return linux_failure(s);
    *out = mapped;
    return 0;
}

static void entries_end(struct poll_entry *entries, uint64_t count)
{
    if (unlikely(count > POLL_SMALL))
        IGNORE(sys_unmap(HANDLE_SELF_SPACE, (uint64_t)entries, POLL_BYTES(count)));
}

/* Waits; an interrupted wait is never begun again when a handler ran, because its time has been used. */
static int64_t wait_ready(struct poll_entry *entries, uint64_t count, uint64_t deadline)
{
    int64_t ready = sys_poll(entries, count, deadline);
    if (likely(ready >= 0))
        return ready;
    if (ready == ERR_TIMED_OUT || ready == ERR_WOULD_BLOCK)
        return 0;
    int64_t failed = linux_failure(ready);
    return failed == -LINUX_ERESTARTSYS ? -LINUX_ERESTARTNOHAND : failed;
}

/* The rare bits whose answer depends on which of two names the program asked for: then revents is made one by one. */
static int64_t revents_exact(uint64_t to, const struct poll_entry *entries, uint64_t count)
{
    int64_t ready = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct linux_pollfd fd;
        TRY_LINUX(PROGRAM_READ(&fd, to + i * sizeof fd));
        uint16_t bits = events_to_poll(entries[i].ready, fd.events);
        ready += bits != 0;
        TRY_LINUX(program_write(to + i * sizeof fd + offsetof(struct linux_pollfd, revents), &bits, sizeof bits));
    }
    return ready;
}

static int64_t poll_entries(uint64_t pollfds, struct poll_entry *entries, uint64_t count, uint64_t deadline)
{
    TRY_LINUX(program_read(entries, pollfds, count * sizeof *entries));
    bool is_plain = pollfds_to_entries(entries, count);
    TRY_LINUX(wait_ready(entries, count, deadline));
    return likely(is_plain) ? program_write_revents(pollfds, entries, count, POLL_ANSWERS) : revents_exact(pollfds, entries, count);
}

static int64_t poll_pollfds(uint64_t pollfds, uint64_t count, uint64_t deadline)
{
    if (count > POLL_MOST)
        return -LINUX_EINVAL;
    __attribute__((uninitialized)) struct poll_entry small[POLL_SMALL];
    struct poll_entry *entries;
    TRY_LINUX(entries_make(count, small, &entries));
    int64_t answer = poll_entries(pollfds, entries, count, deadline);
    entries_end(entries, count);
    return answer;
}

static uint64_t deadline_after_ms(int32_t timeout_ms)
{
    if (timeout_ms < 0)
        return DEADLINE_NEVER;
    return timeout_ms ? clock_monotonic() + (uint64_t)timeout_ms * 1000000 : DEADLINE_NOW;
}

LINUX_CALL(poll, uint64_t pollfds, uint32_t count, int32_t timeout_ms)
{
    return poll_pollfds(pollfds, count, deadline_after_ms(timeout_ms));
}

/* Linux writes the time that is left back into ppoll's and pselect's argument. */
static void time_left_to_program(uint64_t address, uint64_t deadline, bool micro)
{
    if (!address || deadline == DEADLINE_NEVER)
        return;
    uint64_t now = clock_monotonic();
    uint64_t left = deadline > now ? deadline - now : 0;
    int64_t pair[2] = {(int64_t)(left / 1000000000), (int64_t)(left % 1000000000 / (micro ? 1000 : 1))};
    (void)PROGRAM_WRITE(address, &pair); /* a read-only argument is no failure of the call */
}

LINUX_CALL(ppoll, uint64_t pollfds, uint32_t count, uint64_t timeout, uint64_t mask, uint64_t mask_bytes)
{
    uint64_t deadline;
    TRY_LINUX(deadline_from_program(timeout, &deadline));
    TRY_LINUX(signal_mask_enter(mask, mask_bytes));
    int64_t answer = poll_pollfds(pollfds, count, deadline);
    time_left_to_program(timeout, deadline, false);
    return signal_mask_leave(answer);
}

#define SELECT_MOST 1024u /* FD_SETSIZE: no program's sets are larger */
#define SELECT_WORDS (SELECT_MOST / 64)
struct select_sets { struct select_word word[SELECT_WORDS]; };

static int64_t set_read(uint64_t address, uint32_t words, struct select_sets *sets, enum select_set member)
{
    for (uint32_t i = 0; address && i < words; i++)
        TRY_LINUX(program_read_u64(address + 8 * i, &sets->word[i].set[member]));
    return 0;
}

static int64_t set_write(uint64_t address, uint32_t words, const struct select_sets *sets, enum select_set member)
{
    for (uint32_t i = 0; address && i < words; i++)
        TRY_LINUX(program_write_u64(address + 8 * i, sets->word[i].set[member]));
    return 0;
}

static uint64_t entries_from_sets(struct poll_entry *entries, const struct select_sets *asked, uint32_t limit)
{
    uint64_t used = 0;
    for (uint32_t fd = 0; fd < limit; fd++) {
        uint16_t wanted = select_wanted(&asked->word[fd / 64], fd % 64);
        if (wanted)
            entries[used++] = (struct poll_entry){.handle = (handle_t)fd, .wanted = wanted};
    }
    return used;
}

/* Number of bits set, or EBADF when one of the descriptors was none. */
static int64_t sets_from_entries(struct select_sets *out, const struct select_sets *asked, const struct poll_entry *entries, uint64_t used)
{
    int64_t bits = 0;
    for (uint64_t i = 0; i < used; i++) {
        uint32_t fd = (uint32_t)entries[i].handle;
        if (entries[i].ready & EVENT_INVALID)
            return -LINUX_EBADF;
        bits += select_mark(&out->word[fd / 64], &asked->word[fd / 64], fd % 64, entries[i].ready);
    }
    return bits;
}

struct select_arguments { uint32_t limit; uint64_t read, write, except; };

static int64_t select_wait(const struct select_arguments *a, const struct select_sets *asked, struct select_sets *out, uint64_t deadline)
{
    __attribute__((uninitialized)) struct poll_entry small[POLL_SMALL];
    struct poll_entry *entries;
    uint64_t wanted = 0;
    for (uint32_t fd = 0; fd < a->limit; fd++)
        wanted += select_wanted(&asked->word[fd / 64], fd % 64) != 0;
    TRY_LINUX(entries_make(wanted, small, &entries));
    uint64_t used = entries_from_sets(entries, asked, a->limit);
    int64_t answer = wait_ready(entries, used, deadline);
    if (answer >= 0)
        answer = sets_from_entries(out, asked, entries, used);
    entries_end(entries, wanted);
    return answer;
}

static int64_t select_run(const struct select_arguments *a, uint64_t deadline)
{
    struct select_sets asked = {}, out = {};
    uint32_t words = LINUX_FD_SETSIZE_WORDS(a->limit);
    TRY_LINUX(set_read(a->read, words, &asked, SELECT_READ));
    TRY_LINUX(set_read(a->write, words, &asked, SELECT_WRITE));
    TRY_LINUX(set_read(a->except, words, &asked, SELECT_EXCEPT));
    int64_t answer = select_wait(a, &asked, &out, deadline);
    if (answer < 0)
        return answer;
    TRY_LINUX(set_write(a->read, words, &out, SELECT_READ));
    TRY_LINUX(set_write(a->write, words, &out, SELECT_WRITE));
    TRY_LINUX(set_write(a->except, words, &out, SELECT_EXCEPT));
    return answer;
}

LINUX_CALL(select, int32_t limit, uint64_t read, uint64_t write, uint64_t except, uint64_t timeout)
{
    if (limit < 0)
        return -LINUX_EINVAL;
    uint64_t deadline = DEADLINE_NEVER;
    if (timeout) {
        struct linux_microtime t;
        TRY_LINUX(PROGRAM_READ(&t, timeout));
        if (t.seconds < 0 || t.microseconds < 0)
            return -LINUX_EINVAL;
        uint64_t seconds = MIN((uint64_t)t.seconds, 1000000000ull);
        uint64_t wait = seconds * 1000000000 + MIN((uint64_t)t.microseconds, 1000000000000ull) * 1000;
        deadline = wait ? clock_monotonic() + wait : DEADLINE_NOW;
    }
    struct select_arguments a = {MIN((uint32_t)limit, SELECT_MOST), read, write, except};
    int64_t answer = select_run(&a, deadline);
    time_left_to_program(timeout, deadline, true);
    return answer;
}

LINUX_CALL(pselect6, int32_t limit, uint64_t read, uint64_t write, uint64_t except, uint64_t timeout, uint64_t mask_argument)
{
    if (limit < 0)
        return -LINUX_EINVAL;
    uint64_t deadline, mask[2] = {0, 0};
    TRY_LINUX(deadline_from_program(timeout, &deadline));
    if (mask_argument)
        TRY_LINUX(PROGRAM_READ(&mask, mask_argument));
    TRY_LINUX(signal_mask_enter(mask[0], mask[1]));
    struct select_arguments a = {MIN((uint32_t)limit, SELECT_MOST), read, write, except};
    int64_t answer = select_run(&a, deadline);
    time_left_to_program(timeout, deadline, false);
    return signal_mask_leave(answer);
}
