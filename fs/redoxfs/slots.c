/* SPDX-License-Identifier: MIT
 * Key slots. The volume's keys never change: a password that was known once has opened them, so a slot that is given up must not live on
 * in older headers either. */
#include "redoxfs/slots.h"
#include "base/try.h"
#include "fs/redoxfs/writer.h"

static uint8_t *slot_at(struct redoxfs *fs, uint32_t slot)
{
    return fs->header + HEADER_SLOTS + slot * KEY_SLOT_BYTES;
}

bool redoxfs_slot_is_used(const struct redoxfs *fs, uint32_t slot)
{
    const uint8_t *at = fs->header + HEADER_SLOTS + slot * KEY_SLOT_BYTES;
    for (uint32_t i = 0; i < KEY_SLOT_BYTES; i++)
        if (at[i])
            return true;
    return false;
}

static uint32_t slots_used(const struct redoxfs *fs)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < REDOXFS_KEY_SLOTS; i++)
        count += redoxfs_slot_is_used(fs, i);
    return count;
}

enum status redoxfs_slot_set(struct redoxfs *fs, uint32_t slot, const struct redoxfs_key_slot *sealed)
{
    if (!fs->cipher)
        return ERR_NOT_SUPPORTED;
    if (slot >= REDOXFS_KEY_SLOTS)
        return ERR_OUT_OF_RANGE;
    if (!sealed && slots_used(fs) == 1 && redoxfs_slot_is_used(fs, slot))
        return ERR_LIMIT;
    if (sealed)
        memcpy(slot_at(fs, slot), sealed, KEY_SLOT_BYTES);
    else
        memset(slot_at(fs, slot), 0, KEY_SLOT_BYTES);
    fs->writer->has_changed = true;
    return OK;
}

enum status redoxfs_ring_clear(struct redoxfs *fs)
{
    memset(fs->stored, 0, REDOXFS_BLOCK_BYTES);
    for (uint32_t slot = 0; slot < RING_SLOTS; slot++)
        if (slot != fs->generation % RING_SLOTS)
            TRY(volume_write(fs, slot, (struct view){fs->stored, REDOXFS_BLOCK_BYTES}));
    return fs->disk.flush(fs->disk.context);
}
