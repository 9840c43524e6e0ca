/* SPDX-License-Identifier: MIT
 * The arguments and environment of a program that is about to start: zero-terminated strings one after the other, arguments
 * first, then the environment, then the path that was started. There is room in front, for what a script's first line adds. Pure. */
#pragma once
#include "base/span.h"

#define EXEC_ARGUMENT_BYTES_MAX 131072u        /* one string */
#define EXEC_STRINGS_BYTES_MAX (2u << 20)      /* all together */
#define EXEC_FRONT_BYTES 8192u                 /* what scripts may put in front */

struct exec_strings {
    uint8_t *floor;                            /* the room's lowest byte */
    uint8_t *start, *end;
    uint32_t argument_count, environment_count;
};

static inline struct view exec_strings_view(const struct exec_strings *s)
{
    return (struct view){s->start, (size_t)(s->end - s->start)};
}
/* The first string, without its zero. */
struct view exec_strings_first(const struct exec_strings *s);
/* Takes away argument 0, if there is one. */
void exec_strings_drop_first(struct exec_strings *s);
/* `text` becomes argument 0. TOO_BIG: the room is used up. */
enum status exec_strings_push_front(struct exec_strings *s, struct view text);

/* "#! interpreter argument": BAD_FORMAT unless `head` begins so. *out_argument is empty when there is none. */
enum status script_parse(struct view head, struct view *out_interpreter, struct view *out_argument);
