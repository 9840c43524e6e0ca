/* SPDX-License-Identifier: MIT
 * A length from outside does not become stack. expect: variable length array */
#include "base/types.h"

uint64_t rule(size_t length);
uint64_t rule(size_t length)
{
#ifdef ALLOWED
    uint8_t room[64] = {0};
#else
    uint8_t room[length];
    room[0] = 0;
#endif
    return room[length % 64];
}
