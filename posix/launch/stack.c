/* SPDX-License-Identifier: MIT
 * The first stack of a program. */
#include "posix/launch/stack.h"
#include "base/string.h"
#include "base/try.h"

#define ADDED_VALUES 4u /* PLATFORM, RANDOM, EXECFN, NULL */
static const char platform[8] = "x86_64";
#define RANDOM_BYTES 16u
#define TAIL_BYTES (RANDOM_BYTES + sizeof platform)

size_t stack_table_bytes(const struct stack_input *in)
{
    size_t words = 1 + (size_t)in->strings->argument_count + 1 + in->strings->environment_count + 1 +
                   2 * (in->value_count + ADDED_VALUES);
    return align_up(words * 8 + TAIL_BYTES, 16);
}

struct cursor {
    uint64_t *words;
    size_t count;
    struct view strings;                 /* what was not pointed to yet */
    uint64_t address;                    /* where that will be */
};

static void put(struct cursor *c, uint64_t word)
{
    c->words[c->count++] = word;
}

static void put_value(struct cursor *c, uint64_t type, uint64_t value)
{
    put(c, type);
    put(c, value);
}

/* Pointers to the next `count` strings. */
static enum status put_pointers(struct cursor *c, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        size_t length = view_find(c->strings, 0);
        if (length == c->strings.length)
            return ERR_PROTOCOL;
        put(c, c->address);
        c->address += length + 1;
        c->strings = (struct view){c->strings.data + length + 1, c->strings.length - length - 1};
    }
    return OK;
}

enum status stack_build(const struct stack_input *in, struct span buffer, struct stack_output *out)
{
    struct view strings = exec_strings_view(in->strings);
    size_t bytes = stack_table_bytes(in);
    if (bytes > buffer.length)
        return ERR_TOO_BIG;
    uint64_t strings_address = align_down(in->top - 8 - strings.length, 16);
    uint64_t start = strings_address - bytes, tail = start + bytes - TAIL_BYTES;
    struct cursor c = {.words = (uint64_t *)(void *)buffer.data, .strings = strings, .address = strings_address};
    memset(buffer.data, 0, bytes);
    put(&c, in->strings->argument_count);
    TRY(put_pointers(&c, in->strings->argument_count));
    uint64_t arguments_end = c.address;
    put(&c, 0);
    TRY(put_pointers(&c, in->strings->environment_count));
    uint64_t environment_end = c.address;
    put(&c, 0);
    for (size_t i = 0; i < in->value_count; i++)
        put_value(&c, in->values[i].type, in->values[i].value);
    put_value(&c, LINUX_AT_RANDOM, tail);
    put_value(&c, LINUX_AT_PLATFORM, tail + RANDOM_BYTES);
    put_value(&c, LINUX_AT_EXECFN, c.address);
    put_value(&c, LINUX_AT_NULL, 0);
    memcpy(buffer.data + bytes - TAIL_BYTES, in->random, RANDOM_BYTES);
    memcpy(buffer.data + bytes - sizeof platform, platform, sizeof platform);
    *out = (struct stack_output){start, bytes, strings_address, arguments_end, environment_end};
    return OK;
}
