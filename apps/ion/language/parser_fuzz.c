/* SPDX-License-Identifier: MIT
 * Any bytes are whole, incomplete, or wrong with a reason. */
#include "language/syntax.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outline outline = outline_check((const char *)data, size);
    if (outline.state > OUTLINE_WRONG || (outline.state == OUTLINE_WRONG && !*outline.message)) abort();
    return 0;
}
