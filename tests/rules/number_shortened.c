/* SPDX-License-Identifier: MIT
 * A number is not shortened in silence. expect: implicit conversion loses integer precision */
#include "base/types.h"

uint32_t rule(uint64_t length);
uint32_t rule(uint64_t length)
{
#ifdef ALLOWED
    return (uint32_t)length;
#else
    return length;
#endif
}
