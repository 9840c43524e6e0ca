/* SPDX-License-Identifier: MIT
 * SeaHash, 64 bits, without a key: it finds damage, not forgery (its mixing step can be run backwards). */
#pragma once
#include "base/span.h"

uint64_t seahash(struct view bytes);
