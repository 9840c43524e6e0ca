/* SPDX-License-Identifier: MIT
 * Where the heap's memory comes from: whole pages of zeros of this process. */
#pragma once
#include "base/types.h"

#define PAGES_UNIT 4096u
void *pages_map(size_t bytes); /* nullptr: none left */
void pages_unmap(void *pages, size_t bytes);
