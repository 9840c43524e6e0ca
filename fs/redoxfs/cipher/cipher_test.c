/* SPDX-License-Identifier: MIT
 * The small volume of the format's tests, encrypted here by the rules, opens with its passwords and with no other. */
#include "redoxfs/cipher.h"
#include "fs/redoxfs/vector.h"
#include "redoxfs/check.h"
#include "unit/unit.h"
#include <stdio.h>

static struct vector volume;
static struct redoxfs fs;
static const struct redoxfs_keys keys = {{0x98, 0x6a, 0x24, 0xf5}, {0xcf, 0xaa, 0x8e, 0xc1}};

static void slot_write(uint32_t slot, const char *password)
{
    struct redoxfs_key_slot sealed;
    uint8_t salt[16] = {(uint8_t)(slot + 1), 7};
    CHECK_OK(redoxfs_slot_seal(&redoxfs_cipher, view_of_string(password), salt, &keys, &sealed));
    memcpy(&volume.blocks[VECTOR_GENERATION][HEADER_SLOTS + slot * KEY_SLOT_BYTES], &sealed, sizeof sealed);
}

/* Sealed with the checksums of plain bytes, then everything that a pointer leads to is encrypted. */
static void volume_encrypt(void)
{
    vector_build(&volume);
    slot_write(0, "correct horse");
    slot_write(5, "another");
    vector_seal(&volume);
    for (uint32_t i = V_TREE; i < V_END; i++)
        CHECK_OK(redoxfs_cipher.unit(&keys, true, i, SPAN_OF_ARRAY(volume.blocks[i])));
    uint8_t *header = volume.blocks[VECTOR_GENERATION];
    uint64_t hash;
    memcpy(&hash, header + HEADER_HASH, sizeof hash);
    CHECK_OK(header_check_value(&redoxfs_cipher, &keys, hash, VECTOR_GENERATION, header + HEADER_CHECK));
}

static enum status open_with(const char *password)
{
    struct redoxfs_secret secret = {&redoxfs_cipher, view_of_string(password)};
    return redoxfs_open_secret(vector_disk(&volume), &secret, &fs);
}

TEST(each_password_opens_its_slot)
{
    static uint8_t state[VECTOR_BLOCKS];
    static uint32_t names[VECTOR_BLOCKS];
    volume_encrypt();
    CHECK_OK(open_with("another"));
    CHECK_EQUAL(fs.key_slot, 5);
    CHECK_OK(open_with("correct horse"));
    CHECK_EQUAL(fs.key_slot, 0);
    struct redoxfs_check check = {.fs = &fs, .state = state, .names = names};
    CHECK_OK(redoxfs_check(&check));
    CHECK_EQUAL(check.problems, 0);
}

TEST(a_wrong_password_is_said_to_be_wrong)
{
    volume_encrypt();
    CHECK_EQUAL(open_with("incorrect horse"), ERR_NO_ACCESS);
    CHECK_EQUAL(open_with(""), ERR_NO_ACCESS);
    CHECK_EQUAL(redoxfs_open(vector_disk(&volume), &fs), ERR_NOT_SUPPORTED);
}

TEST(a_volume_in_the_clear_does_not_ask_for_a_password)
{
    vector_build(&volume);
    CHECK_OK(open_with("any"));
    CHECK(!fs.cipher);
}

/* The slot and the check value of an image that another implementation made. */
TEST(slots_and_check_values_are_those_of_other_implementations)
{
    static const uint8_t salt[16] = {0x94, 0xcc, 0x07, 0x7e, 0x9a, 0xa4, 0xf3, 0x38, 0x1c, 0x55, 0xa5, 0x1b, 0x9d, 0x1e, 0xfd, 0xcd};
    static const uint8_t cover[32] = {0xbe, 0x83, 0xb2, 0xac, 0x66, 0x81, 0x0f, 0x0f, 0x51, 0xc7, 0x87, 0x77, 0x4e, 0xf1, 0xd6, 0x11,
                                      0x75, 0x4b, 0x58, 0x94, 0x02, 0x29, 0x9c, 0x10, 0x98, 0x69, 0x64, 0x08, 0xd9, 0xb7, 0x65, 0x62};
    static const struct redoxfs_keys inside = {
        {0x98, 0x6a, 0x24, 0xf5, 0x78, 0x0e, 0x11, 0x39, 0x82, 0x9f, 0x7d, 0x46, 0x5a, 0x67, 0x56, 0xb5},
        {0xcf, 0xaa, 0x8e, 0xc1, 0x7b, 0x11, 0xd5, 0x32, 0x2f, 0x6b, 0xac, 0x75, 0x66, 0x14, 0x31, 0x72}};
    struct redoxfs_key_slot slot;
    uint8_t check[16];
    CHECK_OK(redoxfs_slot_seal(&redoxfs_cipher, VIEW_OF_LITERAL("correct horse"), salt, &inside, &slot));
    CHECK(memcmp(&slot.keys, cover, sizeof cover) == 0);
    CHECK_OK(header_check_value(&redoxfs_cipher, &inside, 0x4c0862dcdd51df7c, 106, check));
    CHECK(memcmp(check, "\xd7\xdf\x77\xdd\x7f\x61\x42\x14\x62\x83\x60\x9e\x2c\xc0\xec\xe5", 16) == 0);
}
