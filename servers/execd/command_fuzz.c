/* SPDX-License-Identifier: MIT
 * Any kernel command line: what is accepted is as many words as it says. */
#include "command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct command c;
    if (command_parse((struct view){data, size}, &c) != OK)
        return 0;
    if (c.bytes > COMMAND_BYTES || c.word_count > COMMAND_WORDS)
        __builtin_trap();
    size_t total = 0;
    for (uint32_t i = 0; i < c.word_count; i++)
        total += command_word(&c, i).length + 1;
    if (c.word_count && total != c.bytes)
        __builtin_trap();
    return 0;
}
