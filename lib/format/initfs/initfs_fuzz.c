/* SPDX-License-Identifier: MIT
 * Any bytes as an archive: every entry is read, and found again by its path. */
#include "initfs/initfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct initfs fs;
    if (initfs_open((struct view){data, size}, &fs) != OK)
        return 0;
    for (uint32_t i = 0; i < fs.count; i++) {
        struct initfs_entry e, found;
        if (initfs_entry_at(&fs, i, &e) != OK)
            continue;
        volatile uint8_t last = e.data.length ? e.data.data[e.data.length - 1] : 0;
        (void)last;
        if (initfs_find(&fs, e.path, &found) == OK && !view_equal(found.path, e.path))
            __builtin_trap();
    }
    return 0;
}
