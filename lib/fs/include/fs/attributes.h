/* SPDX-License-Identifier: MIT
 * Changes of file attributes by mask, as fs.set_attributes and file_set carry them. */
#pragma once
#include "abi/file.h"

/* Copies the fields that `mask` (ATTRIBUTE_*) names. Mode keeps to 07777. */
static inline void attributes_apply(struct file_attributes *to, uint32_t mask, const struct file_attributes *from)
{
    if (mask & ATTRIBUTE_SIZE)
        to->size_bytes = from->size_bytes;
    if (mask & ATTRIBUTE_MODE)
        to->mode = from->mode & 07777;
    if (mask & ATTRIBUTE_OWNER) {
        to->uid = from->uid;
        to->gid = from->gid;
    }
    if (mask & ATTRIBUTE_LINKS)
        to->links = from->links;
    if (mask & ATTRIBUTE_ACCESS)
        to->access_ns = from->access_ns;
    if (mask & ATTRIBUTE_MODIFY)
        to->modify_ns = from->modify_ns;
    if (mask & ATTRIBUTE_CHANGE)
        to->change_ns = from->change_ns;
    if (mask & ATTRIBUTE_BLOCKS)
        to->blocks_512 = from->blocks_512;
}
