/* SPDX-License-Identifier: MIT
 * What a call answers. A status is 0 or negative; calls that return a number return it
 * non-negative in the same 64-bit word. Dropping a status does not compile without a cast. */
#pragma once
#include <stdint.h>

enum [[nodiscard]] status : int32_t {
    OK = 0,
#define STATUS(name, number, sentence) ERR_##name = number,
#include "abi/status.def"
#undef STATUS
};
