/* SPDX-License-Identifier: MIT
 * Another size for a volume and, when it is a file, for its image. */
#include "redoxfs/resize.h"
#include "tool.h"
#include <inttypes.h>

int tool_resize(int count, char **words)
{
    if (count < 2 || count > 3)
        return usage();
    const char *image = words[1];
    uint64_t bytes = count == 3 ? parse_size(words[2]) : 0;
    image_open(image, false); /* so that no file grows that is none of ours */
    uint64_t before = fs.block_count;
    (void)image_disk(image, true, bytes);
    image_open(image, true);
    uint64_t blocks = (bytes ? bytes / REDOXFS_BLOCK_BYTES : fs.disk.block_count);
    blocks = blocks > fs.base ? blocks - fs.base : 0;
    enum status status = redoxfs_resize(&fs, blocks);
    if (status == ERR_INVALID)
        die(image, blocks < REDOXFS_BLOCKS_MIN ? "that is too small for a volume" : "the device is not that large");
    if (status == ERR_NO_SPACE)
        die(image, "what is in it does not fit into that size; it has the size that it had");
    if (status == ERR_CORRUPT)
        die(image, "something in it cannot be moved; redoxfs-fsck --repair first");
    if (status != OK)
        die(image, sentence(status));
    image_commit(image);
    image_cut(image, (fs.base + blocks) * REDOXFS_BLOCK_BYTES);
    printf("%s: %" PRIu64 " blocks, and had %" PRIu64 "\n", image, blocks, before);
    return 0;
}
