/* SPDX-License-Identifier: MIT
 * What a line editor asks about a text that is still being typed (syntax.h): is it whole. The answer is the parser's own. */
#include "language/syntax.h"
#include <string.h>

struct outline outline_check(const char *text, size_t size)
{
    struct outline outline = {};
    struct program *program = program_make("stdin");
    struct parser parser;
    struct stmt *stmt;
    parser_init(&parser, program, text, size);
    bool good;
    while ((good = parser_next(&parser, &stmt)) && stmt) {}
    outline.state = parser.cut ? OUTLINE_INCOMPLETE : good ? OUTLINE_COMPLETE : OUTLINE_WRONG;
    outline.open_blocks = parser.open_blocks;
    outline.place = parser.place;
    memcpy(outline.message, parser.error, sizeof outline.message);
    program_put(program);
    return outline;
}
