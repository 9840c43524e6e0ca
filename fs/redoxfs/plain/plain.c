/* SPDX-License-Identifier: MIT
 * In place of fs/redoxfs/cipher and lib/lz4/foreign where foreign sources cannot be had: an encrypted volume does not open, with NOT_SUPPORTED,
 * and no record is stored shorter than it is. */
#include "lz4/lz4.h"
#include "redoxfs/encrypt.h"

extern const struct redoxfs_cipher redoxfs_cipher;

static enum status password_key(struct view password, struct view salt, uint8_t out_key[REDOXFS_KEY_BYTES])
{
    (void)password, (void)salt, (void)out_key;
    return ERR_NOT_SUPPORTED;
}

static enum status block(const uint8_t key[REDOXFS_KEY_BYTES], bool encrypt, uint8_t bytes[REDOXFS_KEY_BYTES])
{
    (void)key, (void)encrypt, (void)bytes;
    return ERR_NOT_SUPPORTED;
}

static enum status unit(const struct redoxfs_keys *keys, bool encrypt, uint64_t number, struct span bytes)
{
    (void)keys, (void)encrypt, (void)number, (void)bytes;
    return ERR_NOT_SUPPORTED;
}

size_t lz4_encode(struct view from, struct span to)
{
    (void)from, (void)to;
    return 0;
}

const struct redoxfs_cipher redoxfs_cipher = {.password_key = password_key, .block = block, .unit = unit};
