/* SPDX-License-Identifier: MIT
 * Arithmetic on numbers from outside: every result is checked, overflow is ERR_OUT_OF_RANGE and the output untouched. */
#pragma once
#include "abi/status.h"
#include "base/types.h"
#include <stdckdint.h>

static inline enum status size_add(uint64_t a, uint64_t b, uint64_t *out)
{
    uint64_t sum;
    if (ckd_add(&sum, a, b))
        return ERR_OUT_OF_RANGE;
    *out = sum;
    return OK;
}

static inline enum status size_multiply(uint64_t a, uint64_t b, uint64_t *out)
{
    uint64_t product;
    if (ckd_mul(&product, a, b))
        return ERR_OUT_OF_RANGE;
    *out = product;
    return OK;
}

/* Is [start, start + length) inside [0, limit)? True for an empty range at the limit. */
static inline bool range_fits(uint64_t start, uint64_t length, uint64_t limit)
{
    return start <= limit && length <= limit - start;
}
