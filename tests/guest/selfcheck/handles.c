/* SPDX-License-Identifier: MIT
 * The simplest calls, and what handles promise. */
#include "check.h"

static bool null_call_answers(void)
{
    EXPECT_STATUS(sys_null(), OK);
    EXPECT_STATUS(trap_0(0x1fff), ERR_NO_CALL);
    return true;
}

static bool closed_handle_is_gone(void)
{
    handle_t m;
    EXPECT_STATUS(sys_memory_create(4096, 0, PLACE_HIGH, &m), OK);
    EXPECT(m >= HANDLE_HIGH_BASE);
    EXPECT_STATUS(sys_handle_close(m), OK);
    EXPECT_STATUS(sys_handle_close(m), ERR_BAD_HANDLE);
    EXPECT_STATUS(sys_handle_close(HANDLE_NONE), ERR_BAD_HANDLE);
    return true;
}

static bool placement_is_kept(void)
{
    handle_t m, low, exact;
    EXPECT_STATUS(sys_memory_create(4096, 0, PLACE_HIGH, &m), OK);
    EXPECT_STATUS(sys_handle_dup(m, PLACE_LOW(700), 0, 0, 0, &low), OK);
    EXPECT(low == 700);
    EXPECT_STATUS(sys_handle_dup(m, PLACE_EXACT(700), 0, 0, 0, &exact), OK);
    EXPECT(exact == 700);
    EXPECT_STATUS(sys_handle_close(700), OK);
    EXPECT_STATUS(sys_handle_close(m), OK);
    return true;
}

static bool rights_only_shrink(void)
{
    handle_t m, less, more;
    struct handle_info info;
    EXPECT_STATUS(sys_memory_create(4096, 0, PLACE_HIGH, &m), OK);
    EXPECT_STATUS(sys_handle_dup(m, PLACE_HIGH, RIGHT_READ, 0, 0, &less), OK);
    EXPECT_STATUS(sys_handle_info(less, &info), OK);
    EXPECT(info.rights == RIGHT_READ && info.kind == OBJECT_MEMORY);
    enum status status = sys_handle_dup(less, PLACE_HIGH, RIGHT_READ | RIGHT_WRITE, 0, 0, &more);
    if (status == OK) { /* answered with what there is */
        EXPECT_STATUS(sys_handle_info(more, &info), OK);
        EXPECT(info.rights == RIGHT_READ);
        EXPECT_STATUS(sys_handle_close(more), OK);
    }
    uint64_t address;
    EXPECT(sys_map(HANDLE_SELF_SPACE, 0, 4096, PROT_READ_ | PROT_WRITE_ | MAP_SHARED_, less, 0, &address) != OK);
    EXPECT_STATUS(sys_handle_close(less), OK);
    EXPECT_STATUS(sys_handle_close(m), OK);
    return true;
}

static bool revoked_handle_says_so(void)
{
    handle_t m, loan, further, more;
    struct handle_info info;
    EXPECT_STATUS(sys_memory_create(4096, 0, PLACE_HIGH, &m), OK);
    EXPECT_STATUS(sys_handle_dup(m, PLACE_HIGH, 0, 0, DUP_REVOCABLE, &loan), OK);
    EXPECT_STATUS(sys_handle_dup(loan, PLACE_HIGH, 0, 0, 0, &further), OK);
    EXPECT_STATUS(sys_handle_revoke(loan), OK);
    EXPECT_STATUS(sys_handle_dup(further, PLACE_HIGH, 0, 0, 0, &more), ERR_REVOKED);
    EXPECT_STATUS(sys_handle_info(m, &info), OK);
    IGNORE(sys_handle_close(further));
    EXPECT_STATUS(sys_handle_close(m), OK);
    return true;
}

const struct check handle_checks[] = {
    {"the null call answers, an unknown one is refused", null_call_answers},
    {"a closed handle is gone", closed_handle_is_gone},
    {"a new handle goes where it was asked for", placement_is_kept},
    {"a duplicate has no more rights", rights_only_shrink},
    {"revoking ends what was derived", revoked_handle_says_so},
    {}};
