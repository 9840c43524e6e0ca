/* SPDX-License-Identifier: MIT
 * A physical address is not a user address. expect: incompatible type */
#include "kernel/mm/frame.h"
#include "base/try.h"
#include "kernel/mm/user_copy.h"

enum status rule(void *to, user_addr_t user, phys_addr_t physical);
enum status rule(void *to, user_addr_t user, phys_addr_t physical)
{
#ifdef ALLOWED
    IGNORE(physical);
    return copy_from_user(to, user, 8);
#else
    IGNORE(user);
    return copy_from_user(to, physical, 8);
#endif
}
