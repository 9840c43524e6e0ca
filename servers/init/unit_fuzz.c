/* SPDX-License-Identifier: MIT
 * Any bytes as a unit file: counts stay within their arrays, texts end. */
#include "unit.h"
#include "base/string.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct unit u;
    uint32_t line;
    if (unit_parse(VIEW_OF_LITERAL("name"), (struct view){data, size}, &u, &line) != OK)
        return 0;
    bool is_sound = u.give_count <= UNIT_LIST_MAX && u.use_count <= UNIT_LIST_MAX && u.after_count <= UNIT_LIST_MAX &&
                    u.port_count <= 4 && u.interrupt_count <= 4 && u.arguments_bytes <= sizeof u.arguments &&
                    string_length(u.program, sizeof u.program) < sizeof u.program &&
                    string_length(u.mount, sizeof u.mount) < sizeof u.mount;
    if (!is_sound)
        __builtin_trap();
    return 0;
}
