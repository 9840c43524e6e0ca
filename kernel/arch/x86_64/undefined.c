/* SPDX-License-Identifier: MIT
 * What the compiler's trap instructions mean. The undefined-behaviour checks leave `ud1 KIND(%eax), %eax`; control-flow integrity
 * leaves `ud2` at addresses listed in .kcfi_traps; other `ud2` are code that must not be reached. */
#include "machine_private.h"

static const char *const kinds[] = { /* the order of clang 19's list of sanitizer handlers */
    "addition overflow", "unreachable code reached", "control-flow check failed", "division by zero or overflow",
    "dynamic type cache miss", "float cast overflow", "function type mismatch", "implicit conversion changed the value",
    "invalid argument of a builtin", "invalid cast", "invalid value loaded", "missing return", "multiplication overflow",
    "negation overflow", "null argument", "null returned", "null argument", "null returned", "index out of bounds",
    "pointer overflow", "shift out of range", "subtraction overflow", "null or misaligned pointer", "wrong alignment assumed",
    "array length not positive",
};

extern const int32_t __kcfi_traps_start[], __kcfi_traps_end[]; /* each relative to its own address */

static bool is_control_flow_check(uint64_t address)
{
    for (const int32_t *t = __kcfi_traps_start; t < __kcfi_traps_end; t++)
        if ((uint64_t)t + (uint64_t)(int64_t)*t == address)
            return true;
    return false;
}

const char *undefined_reason(uint64_t address)
{
    if (!kernel_address_mapped(address) || !kernel_address_mapped(address + 4))
        return nullptr;
    const uint8_t *code = (const uint8_t *)address;
    if (code[0] == 0x67 && code[1] == 0x0f && code[2] == 0xb9 && (code[3] & 0xbf) == 0) {
        uint8_t kind = code[3] ? code[4] : 0; /* kind 0 needs no displacement byte */
        return kind < ARRAY_LENGTH(kinds) ? kinds[kind] : "a check of an unknown kind";
    }
    if (code[0] == 0x0f && code[1] == 0x0b)
        return is_control_flow_check(address) ? "call through a pointer of another type" : "unreachable code reached";
    return nullptr;
}
