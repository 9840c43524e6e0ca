/* SPDX-License-Identifier: MIT
 * Names under /proc and /dev that mean something of the calling process alone. Pure, so the build machine tests it. */
#include "posix/proc/self_name.h"
#include "abi/handle.h"

static bool cut_prefix(struct view *path, struct view prefix)
{
    if (!view_starts_with(*path, prefix))
        return false;
    path->data += prefix.length;
    path->length -= prefix.length;
    return true;
}

/* Digits only, without a leading zero: the name as a listing would show it. */
static bool number_parse(struct view digits, uint32_t *out)
{
    uint32_t number = 0;
    if (digits.length == 0 || digits.length > 7 || (digits.data[0] == '0' && digits.length > 1))
        return false;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(digits.data[i] - '0');
    }
    *out = number;
    return true;
}

static struct self_name descriptor_parse(struct view digits)
{
    uint32_t fd;
    return number_parse(digits, &fd) && fd < HANDLE_LOW_LIMIT ? (struct self_name){SELF_DESCRIPTOR, fd} : (struct self_name){SELF_NONE, 0};
}

static struct self_name proc_parse(struct view name)
{
    if (view_equal(name, VIEW_OF_LITERAL("fd")) || view_equal(name, VIEW_OF_LITERAL("fd/")))
        return (struct self_name){SELF_DESCRIPTORS, 0};
    if (cut_prefix(&name, VIEW_OF_LITERAL("fd/")))
        return descriptor_parse(name);
    if (view_equal(name, VIEW_OF_LITERAL("exe")))
        return (struct self_name){SELF_EXECUTABLE, 0};
    if (view_equal(name, VIEW_OF_LITERAL("cwd")))
        return (struct self_name){SELF_DIRECTORY, 0};
    if (view_equal(name, VIEW_OF_LITERAL("root")))
        return (struct self_name){SELF_ROOT, 0};
    if (view_equal(name, VIEW_OF_LITERAL("maps")))
        return (struct self_name){SELF_MAPS, 0};
    if (view_equal(name, VIEW_OF_LITERAL("environ")))
        return (struct self_name){SELF_ENVIRONMENT, 0};
    return (struct self_name){SELF_NONE, 0};
}

/* Takes `self/` or the own number and a slash off the front. */
static bool cut_self(struct view *path, int32_t pid)
{
    struct view head, rest;
    uint32_t number;
    view_split(*path, '/', &head, &rest);
    if (head.length == path->length)
        return false;
    if (!view_equal(head, VIEW_OF_LITERAL("self")) && !(number_parse(head, &number) && number == (uint32_t)pid))
        return false;
    *path = rest;
    return true;
}

struct self_name self_name_parse(struct view path, int32_t pid)
{
    if (cut_prefix(&path, VIEW_OF_LITERAL("/proc/")))
        return cut_self(&path, pid) ? proc_parse(path) : (struct self_name){SELF_NONE, 0};
    if (view_equal(path, VIEW_OF_LITERAL("/dev/fd/")))
        return (struct self_name){SELF_DESCRIPTORS, 0};
    if (cut_prefix(&path, VIEW_OF_LITERAL("/dev/fd/")))
        return descriptor_parse(path);
    if (view_equal(path, VIEW_OF_LITERAL("/dev/stdin")))
        return (struct self_name){SELF_DESCRIPTOR, 0};
    if (view_equal(path, VIEW_OF_LITERAL("/dev/stdout")))
        return (struct self_name){SELF_DESCRIPTOR, 1};
    if (view_equal(path, VIEW_OF_LITERAL("/dev/stderr")))
        return (struct self_name){SELF_DESCRIPTOR, 2};
    return (struct self_name){SELF_NONE, 0};
}
