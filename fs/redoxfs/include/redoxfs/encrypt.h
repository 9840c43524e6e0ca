/* SPDX-License-Identifier: MIT
 * Encrypted volumes: two keys (data, tweak) that each of 64 slots of the header holds under a password of its own. Every block that a
 * pointer leads to is one AES-128-XTS unit numbered by its place in the volume; the ring of headers is in the clear. Checksums are of
 * the plain bytes. The ciphers are the caller's (redoxfs/cipher.h has those of lib/crypto), so that the format needs no library. */
#pragma once
#include "base/span.h"

#define REDOXFS_KEY_BYTES 16u
#define REDOXFS_KEY_SLOTS 64u

struct redoxfs_keys { uint8_t data[REDOXFS_KEY_BYTES], tweak[REDOXFS_KEY_BYTES]; };

struct redoxfs_cipher {
    /* Argon2id 0x13 with 4096 KiB, 3 passes, 1 lane. */
    enum status (*password_key)(struct view password, struct view salt, uint8_t out_key[REDOXFS_KEY_BYTES]);
    /* AES-128 of one block of 16 bytes, in place. */
    enum status (*block)(const uint8_t key[REDOXFS_KEY_BYTES], bool encrypt, uint8_t block[16]);
    /* AES-128-XTS of one unit, in place. */
    enum status (*unit)(const struct redoxfs_keys *keys, bool encrypt, uint64_t number, struct span bytes);
};

struct redoxfs_secret { const struct redoxfs_cipher *cipher; struct view password; };

/* A slot's 48 bytes: salt, and the keys under the password. */
struct redoxfs_key_slot { uint8_t salt[16]; struct redoxfs_keys keys; };
enum status redoxfs_slot_seal(const struct redoxfs_cipher *cipher, struct view password, const uint8_t salt[16], const struct redoxfs_keys *keys,
                              struct redoxfs_key_slot *out);
