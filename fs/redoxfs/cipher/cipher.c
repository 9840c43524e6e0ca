/* SPDX-License-Identifier: MIT
 * The format's choice of ciphers: Argon2id with 4 MiB, three passes and one lane; AES-128 alone and as XTS. */
#include "redoxfs/cipher.h"
#include "crypto/crypto.h"

static enum status password_key(struct view password, struct view salt, uint8_t out_key[REDOXFS_KEY_BYTES])
{
    return crypto_argon2id((struct argon2id_cost){4096, 3, 1}, password, salt, (struct span){out_key, REDOXFS_KEY_BYTES});
}

static enum status unit(const struct redoxfs_keys *keys, bool encrypt, uint64_t number, struct span bytes)
{
    return crypto_aes128_xts(keys->data, keys->tweak, encrypt, number, bytes);
}

const struct redoxfs_cipher redoxfs_cipher = {.password_key = password_key, .block = crypto_aes128, .unit = unit};
