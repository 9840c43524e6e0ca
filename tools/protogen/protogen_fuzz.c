/* SPDX-License-Identifier: MIT
 * Any bytes as a protocol: it is refused, or every emitter can write it. */
#include "emit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct protocol p;
    struct problem problem;
    static FILE *null;
    if (protocol_parse((struct view){data, size}, &p, &problem) != OK)
        return 0;
    if (!null)
        null = fopen("/dev/null", "w");
    emit_numbers(null, &p);
    emit_client(null, &p);
    emit_server(null, &p);
    emit_page(null, &p);
    return 0;
}
