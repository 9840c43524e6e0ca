/* SPDX-License-Identifier: MIT
 * Published values, so that the door leads to the right room. */
#include "crypto/crypto.h"
#include "unit/unit.h"
#include <stdio.h>
#include <string.h>

static const char *hex(const uint8_t *bytes, size_t count)
{
    static char text[129];
    for (size_t i = 0; i < count && i < 64; i++)
        sprintf(text + 2 * i, "%02x", bytes[i]);
    return text;
}

static const struct argon2id_cost cost = {4096, 3, 1};

TEST(argon2id_makes_the_keys_that_volumes_have)
{
    uint8_t salt[16], key[16];
    for (unsigned i = 0; i < 16; i++)
        salt[i] = (uint8_t)i;
    CHECK_OK(crypto_argon2id(cost, VIEW_OF_LITERAL("password"), (struct view){salt, 16}, SPAN_OF_ARRAY(key)));
    CHECK_TEXT(hex(key, 16), "95249f0edaebceca2ffeccd2f7bc1a6a");
    memset(salt, 0, sizeof salt);
    CHECK_OK(crypto_argon2id(cost, VIEW_OF_LITERAL(""), (struct view){salt, 16}, SPAN_OF_ARRAY(key)));
    CHECK_TEXT(hex(key, 16), "af8ddc497fe2ab319ed5408e469318e0");
}

TEST(argon2id_refuses_what_it_cannot_do)
{
    uint8_t key[16];
    CHECK_EQUAL(crypto_argon2id(cost, VIEW_OF_LITERAL("password"), VIEW_OF_LITERAL("short"), SPAN_OF_ARRAY(key)), ERR_INVALID);
}

/* FIPS 197, appendix C.1. */
TEST(aes_encrypts_and_decrypts_one_block)
{
    uint8_t key[16], block[16];
    for (unsigned i = 0; i < 16; i++) {
        key[i] = (uint8_t)i;
        block[i] = (uint8_t)(i * 0x11);
    }
    CHECK_OK(crypto_aes128(key, true, block));
    CHECK_TEXT(hex(block, 16), "69c4e0d86a7b0430d8cdb78070b4c55a");
    CHECK_OK(crypto_aes128(key, false, block));
    CHECK_EQUAL(block[1], 0x11);
}

TEST(xts_is_the_one_that_volumes_have)
{
    static uint8_t unit[4096];
    uint8_t data[16], tweak[16];
    for (unsigned i = 0; i < 16; i++) {
        data[i] = (uint8_t)i;
        tweak[i] = (uint8_t)(16 + i);
    }
    CHECK_OK(crypto_aes128_xts(data, tweak, true, 260, SPAN_OF_ARRAY(unit)));
    CHECK_TEXT(hex(unit, 32), "d245db1766763b65f98087e2170df7ec92e468b5585adf81751846e1acad68e4");
    CHECK_OK(crypto_aes128_xts(data, tweak, false, 260, SPAN_OF_ARRAY(unit)));
    CHECK_EQUAL(unit[4095], 0);
}
