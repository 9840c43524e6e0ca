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
static struct self_name descriptor_parse(struct view digits)
{
    struct self_name none = {SELF_NONE, 0};
    uint64_t fd = 0;
    if (digits.length == 0 || digits.length > 7 || (digits.data[0] == '0' && digits.length > 1))
        return none;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return none;
        fd = fd * 10 + (digits.data[i] - '0');
    }
    return fd < HANDLE_LOW_LIMIT ? (struct self_name){SELF_DESCRIPTOR, (uint32_t)fd} : none;
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

struct self_name self_name_parse(struct view path)
{
    if (cut_prefix(&path, VIEW_OF_LITERAL("/proc/self/")))
        return proc_parse(path);
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
