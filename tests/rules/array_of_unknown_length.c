/* SPDX-License-Identifier: MIT
 * No array on the stack has a length that the compiler does not know. expect: variable length array */
#include "base/types.h"
uint8_t rule(size_t length);
uint8_t rule(size_t length)
{
#ifdef ALLOWED
    uint8_t bytes[16] = {};
#else
    uint8_t bytes[length];
    bytes[0] = 0;
#endif
    return bytes[0] + (uint8_t)(length != 0);
}
