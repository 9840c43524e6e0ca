/* SPDX-License-Identifier: MIT
 * Many contexts change one address space at the same time; each only ever sees its own marks. With several CPUs this is where a
 * forgotten translation shows. */
#include "abi/memory.h"
#include "check.h"
#include "sys/clock.h"
#include "sys/context.h"

#define CROWD 4u
#define TURNS 40u
#define PAGES_MOST 24u

static volatile uint32_t finished, wrong;
static volatile uint64_t shared_page; /* one page that all write, protect and discard */

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return *state >> 33;
}

static bool marks_hold(uint64_t address, uint64_t pages, uint64_t mark)
{
    for (uint64_t i = 0; i < pages; i++)
        if (*(volatile uint64_t *)(address + i * 4096) != mark + i)
            return false;
    return true;
}

static bool one_turn(uint64_t *state, uint64_t mark)
{
    uint64_t pages = 1 + next(state) % PAGES_MOST, address, middle = pages / 2;
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, pages * 4096, PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &address), OK);
    for (uint64_t i = 0; i < pages; i++) {
        EXPECT(*(volatile uint64_t *)(address + i * 4096) == 0);
        *(volatile uint64_t *)(address + i * 4096) = mark + i;
    }
    EXPECT(marks_hold(address, pages, mark));
    EXPECT_STATUS(sys_protect(HANDLE_SELF_SPACE, address + middle * 4096, 4096, PROT_READ_), OK);
    EXPECT(marks_hold(address, pages, mark));
    EXPECT_STATUS(sys_protect(HANDLE_SELF_SPACE, address + middle * 4096, 4096, PROT_READ_ | PROT_WRITE_), OK);
    *(volatile uint64_t *)(address + middle * 4096) = mark + middle;
    if (next(state) % 2) {
        EXPECT_STATUS(sys_remap(HANDLE_SELF_SPACE, address, pages * 4096, (pages + 5) * 4096, REMAP_MAY_MOVE, 0, &address), OK);
        EXPECT(marks_hold(address, pages, mark));
        EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, address + pages * 4096, 5 * 4096), OK);
    }
    EXPECT_STATUS(sys_advise(HANDLE_SELF_SPACE, address, 4096, ADVISE_DISCARD), OK);
    EXPECT(*(volatile uint64_t *)address == 0);
    *(volatile uint64_t *)shared_page = mark;
    if (next(state) % 8 == 0)
        EXPECT_STATUS(sys_advise(HANDLE_SELF_SPACE, shared_page, 4096, ADVISE_DISCARD), OK);
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, address, pages * 4096), OK);
    return true;
}

static void member(void *argument)
{
    uint64_t number = (uint64_t)argument, state = number * 77 + 1;
    for (uint32_t turn = 0; turn < TURNS && !wrong; turn++)
        if (!one_turn(&state, (number << 48) | ((uint64_t)turn << 16)))
            wrong = 1;
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
}

static bool many_contexts_share_a_space(void)
{
    uint64_t address;
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, 4096, PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &address), OK);
    shared_page = address;
    for (uint64_t i = 1; i <= CROWD; i++) {
        handle_t context;
        EXPECT_STATUS(context_start(member, (void *)i, 0, &context), OK);
    }
    while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < CROWD)
        EXPECT_STATUS(sys_sleep(clock_monotonic_ns() + 5000000), OK);
    EXPECT(!wrong);
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, address, 4096), OK);
    return true;
}

const struct check crowd_checks[] = {
    {"contexts that map, protect, move and unmap in one space at once see their own marks", many_contexts_share_a_space}, {}};
