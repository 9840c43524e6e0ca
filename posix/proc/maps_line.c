/* SPDX-License-Identifier: MIT
 * How a mapping reads in /proc/self/maps. Pure, so the build machine tests it. */
#include "base/fmt.h"
#include "posix/proc/text.h"

#define NAME_COLUMN 73u

size_t maps_line(char *to, size_t size, const struct mapping_info *m, const char *name)
{
    size_t length = fmt(to, size, "%lx-%lx %c%c%c%c %08lx 00:00 %lu ", (unsigned long)m->start, (unsigned long)m->end,
                        m->flags & PROT_READ_ ? 'r' : '-', m->flags & PROT_WRITE_ ? 'w' : '-', m->flags & PROT_EXECUTE_ ? 'x' : '-',
                        m->flags & MAP_SHARED_ ? 's' : 'p', (unsigned long)m->offset, (unsigned long)m->object_id);
    while (name[0] && length < NAME_COLUMN && length + 2 < size)
        to[length++] = ' ';
    length += fmt(to + length, size - length, "%s\n", name);
    return MIN(length, size - 1);
}
