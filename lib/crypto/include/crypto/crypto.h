/* SPDX-License-Identifier: MIT
 * The ciphers and the password hash that the system uses, one door to the libraries that have them (libargon2, mbedTLS): nothing here
 * is our own mathematics. Keys are the caller's memory, and the caller's to clear (crypto_clear). */
#pragma once
#include "base/span.h"

#define AES128_KEY_BYTES 16u
#define AES_BLOCK_BYTES 16u

struct argon2id_cost { uint32_t memory_kib, passes, lanes; };
/* Argon2id, version 0x13. NO_MEMORY: it needs memory_kib; INVALID: a length or cost that it does not take. */
enum status crypto_argon2id(struct argon2id_cost cost, struct view password, struct view salt, struct span out_key);

/* One block, in place. */
enum status crypto_aes128(const uint8_t key[AES128_KEY_BYTES], bool encrypt, uint8_t block[AES_BLOCK_BYTES]);
/* AES-128-XTS of one unit (16 bytes or more, in place); its number is the tweak. */
enum status crypto_aes128_xts(const uint8_t data_key[AES128_KEY_BYTES], const uint8_t tweak_key[AES128_KEY_BYTES], bool encrypt, uint64_t unit,
                              struct span bytes);
/* Zeros that the compiler cannot leave out. */
void crypto_clear(struct span secret);
