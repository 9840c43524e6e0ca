/* SPDX-License-Identifier: MIT
 * Unlocking: a slot's keys are right when they turn the header's check value into its checksum and eight zeros. */
#include "base/string.h"
#include "base/try.h"
#include "fs/redoxfs/format.h"

static_assert(sizeof(struct redoxfs_key_slot) == KEY_SLOT_BYTES);

bool header_is_encrypted(struct view header)
{
    return u64_at(header, HEADER_CHECK) != u64_at(header, HEADER_HASH) || u64_at(header, HEADER_CHECK + 8) != 0;
}

enum status header_check_value(const struct redoxfs_cipher *cipher, const struct redoxfs_keys *keys, uint64_t hash, uint64_t generation,
                               uint8_t out[16])
{
    memset(out, 0, 16);
    memcpy(out, &hash, sizeof hash);
    return cipher ? cipher->unit(keys, true, generation, (struct span){out, 16}) : OK;
}

/* OK: these are the header's keys; NO_ACCESS: they are not. */
static enum status keys_try(const struct redoxfs_cipher *cipher, const struct redoxfs_keys *keys, struct view header)
{
    uint8_t check[16];
    TRY(header_check_value(cipher, keys, u64_at(header, HEADER_HASH), u64_at(header, HEADER_GENERATION), check));
    return memcmp(check, header.data + HEADER_CHECK, sizeof check) == 0 ? OK : ERR_NO_ACCESS;
}

/* The keys under a slot's cover: encrypt seals, decrypt opens. */
static enum status slot_turn(const struct redoxfs_cipher *cipher, struct view password, const uint8_t salt[16], bool encrypt,
                             struct redoxfs_keys *keys)
{
    uint8_t key[REDOXFS_KEY_BYTES];
    TRY(cipher->password_key(password, (struct view){salt, 16}, key));
    enum status status = cipher->block(key, encrypt, keys->data);
    if (status == OK)
        status = cipher->block(key, encrypt, keys->tweak);
    memset(key, 0, sizeof key);
    __asm__ volatile("" : : "r"(key) : "memory"); /* the zeros are wanted */
    return status;
}

enum status redoxfs_slot_seal(const struct redoxfs_cipher *cipher, struct view password, const uint8_t salt[16], const struct redoxfs_keys *keys,
                              struct redoxfs_key_slot *out)
{
    struct redoxfs_key_slot slot = {.keys = *keys};
    memcpy(slot.salt, salt, sizeof slot.salt);
    TRY(slot_turn(cipher, password, salt, true, &slot.keys));
    *out = slot;
    return OK;
}

static bool slot_is_empty(struct view slot)
{
    for (size_t i = 0; i < slot.length; i++)
        if (slot.data[i])
            return false;
    return true;
}

enum status header_unlock(const struct redoxfs_secret *secret, struct view header, struct redoxfs_keys *out_keys, uint32_t *out_slot)
{
    for (uint32_t i = 0; i < REDOXFS_KEY_SLOTS; i++) {
        struct view bytes = {header.data + HEADER_SLOTS + i * KEY_SLOT_BYTES, KEY_SLOT_BYTES};
        if (slot_is_empty(bytes))
            continue;
        struct redoxfs_key_slot slot;
        memcpy(&slot, bytes.data, sizeof slot);
        TRY(slot_turn(secret->cipher, secret->password, slot.salt, false, &slot.keys));
        enum status status = keys_try(secret->cipher, &slot.keys, header);
        if (status == OK) {
            *out_keys = slot.keys;
            *out_slot = i;
        }
        if (status != ERR_NO_ACCESS)
            return status;
    }
    return ERR_NO_ACCESS;
}

enum status volume_turn(const struct redoxfs *fs, bool encrypt, uint64_t index, struct span bytes)
{
    if (!fs->cipher)
        return OK;
    for (size_t at = 0; at < bytes.length; at += REDOXFS_BLOCK_BYTES)
        TRY(fs->cipher->unit(&fs->keys, encrypt, index + at / REDOXFS_BLOCK_BYTES, (struct span){bytes.data + at, REDOXFS_BLOCK_BYTES}));
    return OK;
}
