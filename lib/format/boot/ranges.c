/* SPDX-License-Identifier: MIT
 * Cutting and joining the loader's memory ranges. Runs before there is a heap, and in the kernel's case before it is relocated:
 * no pointers in tables, no memory of its own. */
#include "boot/ranges.h"
#include "base/string.h"
#include "base/try.h"

#define PAGE 4096ull

/* Makes `at` a boundary of the range that holds it. There is room: the caller has looked. */
static void split_at(struct boot_info *info, uint64_t at)
{
    for (uint32_t i = 0; i < info->range_count; i++) {
        struct boot_range *r = &info->ranges[i];
        if (at <= r->start || at >= r->start + r->length)
            continue;
        memmove(r + 1, r, (info->range_count - i) * sizeof *r);
        info->range_count++;
        r[0].length = at - r[0].start;
        r[1].length -= r[0].length;
        r[1].start = at;
        return;
    }
}

static void remove_inside(struct boot_info *info, uint64_t start, uint64_t end)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < info->range_count; i++) {
        struct boot_range r = info->ranges[i];
        if (r.start < start || r.start >= end)
            info->ranges[kept++] = r;
    }
    info->range_count = kept;
}

static void insert(struct boot_info *info, struct boot_range range)
{
    uint32_t at = 0;
    while (at < info->range_count && info->ranges[at].start < range.start)
        at++;
    memmove(&info->ranges[at + 1], &info->ranges[at], (info->range_count - at) * sizeof range);
    info->ranges[at] = range;
    info->range_count++;
}

static void join_neighbours(struct boot_info *info)
{
    uint32_t last = 0;
    for (uint32_t i = 1; i < info->range_count; i++) {
        struct boot_range *r = &info->ranges[last], next = info->ranges[i];
        if (r->kind == next.kind && r->start + r->length == next.start)
            r->length += next.length;
        else
            info->ranges[++last] = next;
    }
    info->range_count = info->range_count ? last + 1 : 0;
}

enum status boot_ranges_mark(struct boot_info *info, uint64_t start, uint64_t length, enum boot_memory kind)
{
    if (length > UINT64_MAX - PAGE - start || start > UINT64_MAX - PAGE)
        return ERR_OUT_OF_RANGE;
    if (info->range_count + 3 > BOOT_RANGES_MAX)
        return ERR_NO_SPACE;
    bool usable = kind == BOOT_MEMORY_USABLE;
    uint64_t end = usable ? (start + length) & -PAGE : (start + length + PAGE - 1) & -PAGE;
    start = usable ? (start + PAGE - 1) & -PAGE : start & -PAGE;
    if (start >= end)
        return OK;
    split_at(info, start);
    split_at(info, end);
    remove_inside(info, start, end);
    insert(info, (struct boot_range){start, end - start, kind, 0});
    join_neighbours(info);
    return OK;
}

enum status boot_ranges_find(const struct boot_info *info, uint64_t length, uint64_t lowest, uint64_t limit, uint64_t *out_start)
{
    for (uint32_t i = info->range_count; i-- > 0;) {
        const struct boot_range *r = &info->ranges[i];
        uint64_t end = MIN(r->start + r->length, limit) & -PAGE;
        uint64_t start = MAX(r->start, lowest);
        if (r->kind != BOOT_MEMORY_USABLE || end <= start || end - start < length)
            continue;
        *out_start = (end - length) & -PAGE;
        if (*out_start >= start)
            return OK;
    }
    return ERR_NO_MEMORY;
}

enum status boot_command_word(const struct boot_info *info, struct view name, struct view *out_value)
{
    struct view rest = {(const uint8_t *)info->command, MIN(info->command_bytes, BOOT_COMMAND_BYTES)};
    while (rest.length) {
        struct view word, key, value;
        view_split(rest, ' ', &word, &rest);
        view_split(word, '=', &key, &value);
        if (!view_equal(key, name))
            continue;
        *out_value = value;
        return OK;
    }
    return ERR_NOT_FOUND;
}
