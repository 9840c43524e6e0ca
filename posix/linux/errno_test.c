/* SPDX-License-Identifier: MIT
 * Promises of the map from status to errno. */
#include "posix/linux/errno.h"
#include "unit/unit.h"

TEST(every_status_has_a_positive_errno)
{
#define STATUS(name, number, sentence) CHECK(linux_errno(ERR_##name) > 0);
#include "abi/status.def"
#undef STATUS
    CHECK_EQUAL(linux_errno(OK), 0);
}

TEST(the_statuses_that_programs_look_at_have_the_number_they_expect)
{
    CHECK_EQUAL(linux_errno(ERR_NOT_FOUND), LINUX_ENOENT);
    CHECK_EQUAL(linux_errno(ERR_WOULD_BLOCK), LINUX_EAGAIN);
    CHECK_EQUAL(linux_errno(ERR_BROKEN_PIPE), LINUX_EPIPE);
    CHECK_EQUAL(linux_errno(ERR_INTERRUPTED), LINUX_ERESTARTSYS);
}

TEST(an_unknown_status_is_an_input_output_error)
{
    CHECK_EQUAL(linux_errno((enum status)-9999), LINUX_EIO);
}
