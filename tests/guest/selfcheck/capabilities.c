/* SPDX-License-Identifier: MIT
 * Capabilities where it is tight: a hundred thousand handles, the moment of expiry, and a subtree that is revoked while others use it. */
#include "check.h"
#include "sys/clock.h"
#include "sys/context.h"

#define MANY 100000u
#define USERS 3u
#define ROUNDS 60u
#define LIMIT_NS 60000000000ull

static bool a_table_holds_a_hundred_thousand(void)
{
    const handle_t first = 2000; /* LOW numbers from here on are free */
    handle_t memory, h;
    struct system_info before, after;
    EXPECT_STATUS(sys_memory_create(4096, 0, PLACE_HIGH, &memory), OK);
    EXPECT_STATUS(sys_system_info(&before), OK);
    for (uint32_t i = 0; i < MANY; i++) {
        EXPECT_STATUS(sys_handle_dup(memory, PLACE_LOW(first), 0, 0, 0, &h), OK);
        EXPECT(h == first + (handle_t)i);
    }
    struct handle_info a, b;
    EXPECT_STATUS(sys_handle_info(first, &a), OK);
    EXPECT_STATUS(sys_handle_info(first + (handle_t)MANY - 1, &b), OK);
    EXPECT(a.object_id == b.object_id);
    EXPECT_STATUS(sys_handle_close(first + (handle_t)MANY / 2), OK);
    EXPECT_STATUS(sys_handle_dup(memory, PLACE_LOW(first), 0, 0, 0, &h), OK);
    EXPECT(h == first + (handle_t)MANY / 2);
    for (uint32_t i = 0; i < MANY; i++)
        EXPECT_STATUS(sys_handle_close(first + (handle_t)i), OK);
    EXPECT_STATUS(sys_handle_info(first, &a), ERR_BAD_HANDLE);
    EXPECT_STATUS(sys_handle_close(memory), OK);
    EXPECT_STATUS(sys_system_info(&after), OK);
    log_info("the table of %u handles took %ld KiB", MANY, (long)(before.free_bytes - after.free_bytes) / 1024);
    return true;
}

/* As long as the clock, read before the use, is not past the end, it works; once the clock, read before the use, is past it, it does not. */
static bool expiry_is_to_the_tick(void)
{
    handle_t memory, loan;
    struct handle_info info;
    EXPECT_STATUS(sys_memory_create(4096, 0, PLACE_HIGH, &memory), OK);
    uint64_t end = clock_monotonic_ns() + 20000000, before, after;
    EXPECT_STATUS(sys_handle_dup(memory, PLACE_HIGH, 0, end, 0, &loan), OK);
    uint64_t worked = 0;
    for (;;) {
        handle_t copy;
        before = clock_monotonic_ns();
        enum status status = sys_handle_dup(loan, PLACE_HIGH, RIGHT_READ, 0, 0, &copy);
        after = clock_monotonic_ns();
        if (status != OK) {
            EXPECT_STATUS(status, ERR_EXPIRED);
            EXPECT(after >= end);
            break;
        }
        worked++;
        EXPECT(before < end);
        EXPECT_STATUS(sys_handle_info(copy, &info), OK);
        EXPECT(info.expires_ns == end || clock_monotonic_ns() >= end);
        EXPECT_STATUS(sys_handle_close(copy), OK);
    }
    EXPECT(worked > 0);
    EXPECT_STATUS(sys_handle_close(loan), OK);
    EXPECT_STATUS(sys_handle_close(memory), OK);
    return true;
}

/* -- revoking while others use ------------------------------------------------------------------------------------ */

static volatile handle_t offered; /* what the users derive from, and use */
static volatile uint32_t round_number, finished, wrong, uses, refusals;

static bool use_once(void)
{
    handle_t child, grandchild;
    enum status status = sys_handle_dup(offered, PLACE_HIGH, 0, 0, DUP_REVOCABLE, &child);
    if (status != OK)
        return status == ERR_REVOKED || status == ERR_BAD_HANDLE;
    uint64_t address;
    status = sys_handle_dup(child, PLACE_HIGH, RIGHT_READ | RIGHT_WRITE, 0, 0, &grandchild);
    if (status == OK) {
        status = sys_map(HANDLE_SELF_SPACE, 0, 4096, PROT_READ_ | PROT_WRITE_ | MAP_SHARED_, grandchild, 0, &address);
        if (status == OK)
            status = sys_unmap(HANDLE_SELF_SPACE, address, 4096);
        IGNORE(sys_handle_close(grandchild));
    }
    IGNORE(sys_handle_close(child));
    __atomic_add_fetch(status == OK ? &uses : &refusals, 1, __ATOMIC_RELAXED);
    return status == OK || status == ERR_REVOKED || status == ERR_BAD_HANDLE;
}

static void user_of_loans(void *argument)
{
    (void)argument;
    while (round_number < ROUNDS && !wrong)
        if (!use_once())
            wrong = 1;
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
}

static bool one_revocation(handle_t memory)
{
    handle_t loan, further, again;
    EXPECT_STATUS(sys_handle_dup(memory, PLACE_HIGH, 0, 0, DUP_REVOCABLE, &loan), OK);
    EXPECT_STATUS(sys_handle_dup(loan, PLACE_HIGH, 0, 0, DUP_REVOCABLE, &further), OK);
    uint32_t before = uses;
    uint64_t limit = clock_monotonic_ns() + LIMIT_NS;
    offered = further;
    while (uses < before + 5 && !wrong) {
        EXPECT(clock_monotonic_ns() < limit);
        IGNORE(sys_sleep(clock_monotonic_ns() + 50000));
    }
    EXPECT_STATUS(sys_handle_revoke(loan), OK); /* closes it: its number may be a user's by now */
    EXPECT_STATUS(sys_handle_dup(further, PLACE_HIGH, 0, 0, 0, &again), ERR_REVOKED);
    offered = HANDLE_NONE;
    EXPECT_STATUS(sys_handle_close(further), OK);
    return true;
}

static bool revoking_under_use_ends_all(void)
{
    handle_t memory, context;
    EXPECT_STATUS(sys_memory_create(4096, 0, PLACE_HIGH, &memory), OK);
    offered = HANDLE_NONE;
    round_number = finished = wrong = uses = refusals = 0;
    for (uint32_t i = 0; i < USERS; i++) {
        EXPECT_STATUS(context_start(user_of_loans, nullptr, 0, &context), OK);
        EXPECT_STATUS(sys_handle_close(context), OK);
    }
    while (round_number < ROUNDS && !wrong) {
        EXPECT(one_revocation(memory));
        round_number++;
    }
    uint64_t limit = clock_monotonic_ns() + LIMIT_NS;
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < USERS) {
        EXPECT(clock_monotonic_ns() < limit);
        IGNORE(sys_sleep(clock_monotonic_ns() + 1000000));
    }
    EXPECT(!wrong);
    log_info("%u uses of what was revoked %u times, %u refused in the middle", uses, ROUNDS, refusals);
    EXPECT_STATUS(sys_handle_close(memory), OK);
    return true;
}

const struct check capability_checks[] = {
    {"a handle table grows to a hundred thousand and gives its holes away first", a_table_holds_a_hundred_thousand},
    {"a handle works until its time, and not after", expiry_is_to_the_tick},
    {"what is revoked while others use it ends for all of them", revoking_under_use_ends_all},
    {}};
