/* SPDX-License-Identifier: MIT
 * libargon2 (in native programs libsodium, which has it by the same name) and mbedTLS behind crypto/crypto.h.
 * mbedTLS keeps a key schedule for each key: it is made for each call, which costs a few
 * hundred instructions beside the 100,000 of a 4096-byte unit, and is gone from memory afterwards. */
#include "crypto/crypto.h"
#include "base/string.h"
#include <argon2.h>
#include <mbedtls/aes.h>

enum status crypto_argon2id(struct argon2id_cost cost, struct view password, struct view salt, struct span out_key)
{
    int result = argon2id_hash_raw(cost.passes, cost.memory_kib, cost.lanes, password.data, password.length, salt.data, salt.length,
                                   out_key.data, out_key.length);
    if (result == ARGON2_MEMORY_ALLOCATION_ERROR)
        return ERR_NO_MEMORY;
    return result == ARGON2_OK ? OK : ERR_INVALID;
}

enum status crypto_aes128(const uint8_t key[AES128_KEY_BYTES], bool encrypt, uint8_t block[AES_BLOCK_BYTES])
{
    mbedtls_aes_context aes;
    mbedtls_aes_init(&aes);
    int result = encrypt ? mbedtls_aes_setkey_enc(&aes, key, 128) : mbedtls_aes_setkey_dec(&aes, key, 128);
    if (result == 0)
        result = mbedtls_aes_crypt_ecb(&aes, encrypt ? MBEDTLS_AES_ENCRYPT : MBEDTLS_AES_DECRYPT, block, block);
    mbedtls_aes_free(&aes);
    return result == 0 ? OK : ERR_INVALID;
}

enum status crypto_aes128_xts(const uint8_t data_key[AES128_KEY_BYTES], const uint8_t tweak_key[AES128_KEY_BYTES], bool encrypt, uint64_t unit,
                              struct span bytes)
{
    uint8_t keys[2 * AES128_KEY_BYTES], tweak[AES_BLOCK_BYTES] = {};
    mbedtls_aes_xts_context xts;
    memcpy(keys, data_key, AES128_KEY_BYTES);
    memcpy(keys + AES128_KEY_BYTES, tweak_key, AES128_KEY_BYTES);
    memcpy(tweak, &unit, sizeof unit);
    mbedtls_aes_xts_init(&xts);
    int result = encrypt ? mbedtls_aes_xts_setkey_enc(&xts, keys, 256) : mbedtls_aes_xts_setkey_dec(&xts, keys, 256);
    if (result == 0)
        result = mbedtls_aes_crypt_xts(&xts, encrypt ? MBEDTLS_AES_ENCRYPT : MBEDTLS_AES_DECRYPT, bytes.length, tweak, bytes.data, bytes.data);
    mbedtls_aes_xts_free(&xts);
    crypto_clear(SPAN_OF_ARRAY(keys));
    return result == 0 ? OK : ERR_INVALID;
}

void crypto_clear(struct span secret)
{
    memset(secret.data, 0, secret.length);
    __asm__ volatile("" : : "r"(secret.data) : "memory");
}
