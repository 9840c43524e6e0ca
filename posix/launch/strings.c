/* SPDX-License-Identifier: MIT
 * Arguments and environment, and the first line of scripts. */
#include "posix/launch/strings.h"
#include "base/string.h"

struct view exec_strings_first(const struct exec_strings *s)
{
    struct view all = exec_strings_view(s);
    return (struct view){all.data, view_find(all, 0)};
}

void exec_strings_drop_first(struct exec_strings *s)
{
    if (!s->argument_count)
        return;
    s->start += exec_strings_first(s).length + 1;
    s->argument_count--;
}

enum status exec_strings_push_front(struct exec_strings *s, struct view text)
{
    if (text.length + 1 > (size_t)(s->start - s->floor))
        return ERR_TOO_BIG;
    s->start -= text.length + 1;
    memcpy(s->start, text.data, text.length);
    s->start[text.length] = 0;
    s->argument_count++;
    return OK;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static struct view trim(struct view v)
{
    while (v.length && is_blank(v.data[0]))
        v = (struct view){v.data + 1, v.length - 1};
    while (v.length && is_blank(v.data[v.length - 1]))
        v.length--;
    return v;
}

#define SCRIPT_LINE_BYTES 256u
enum status script_parse(struct view head, struct view *out_interpreter, struct view *out_argument)
{
    if (head.length < 2 || head.data[0] != '#' || head.data[1] != '!')
        return ERR_BAD_FORMAT;
    head.length = MIN(head.length, SCRIPT_LINE_BYTES);
    struct view line, rest;
    view_split((struct view){head.data + 2, head.length - 2}, '\n', &line, &rest);
    line = trim(line);
    size_t end = 0;
    while (end < line.length && !is_blank(line.data[end]))
        end++;
    if (end == 0 || view_find(line, 0) < line.length)
        return ERR_BAD_FORMAT;
    *out_interpreter = (struct view){line.data, end};
    *out_argument = trim((struct view){line.data + end, line.length - end});
    return OK;
}
