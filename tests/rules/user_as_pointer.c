/* SPDX-License-Identifier: MIT
 * User memory is not read through a pointer. expect: with an expression of incompatible type */
#include "kernel/core/addresses.h"
#include "base/try.h"
#include "kernel/mm/user_copy.h"

enum status rule(user_addr_t where, uint32_t *out);
enum status rule(user_addr_t where, uint32_t *out)
{
#ifdef ALLOWED
    return get_user_u32(where, out);
#else
    const uint32_t *p = where;
    *out = *p;
    return OK;
#endif
}
