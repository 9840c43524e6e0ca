/* SPDX-License-Identifier: MIT
 * Passwords of an encrypted volume: each opens a key slot. Changing one seals the same keys again; the old slot is taken out of the older
 * headers too. */
#include "redoxfs/cipher.h"
#include "tool.h"
#include <string.h>

static void slot_seal(uint32_t slot, const char *new_file)
{
    struct redoxfs_key_slot sealed;
    uint8_t salt[16];
    if (new_file)
        password_file = new_file;
    struct view password = password_read("new password: ", true);
    if (password.length == 0)
        die("password", "an empty one protects nothing");
    random_fill(SPAN_OF_ARRAY(salt));
    enum status status = redoxfs_slot_seal(&redoxfs_cipher, password, salt, &fs.keys, &sealed);
    if (status == OK)
        status = redoxfs_slot_set(&fs, slot, &sealed);
    if (status != OK)
        die("password", sentence(status));
}

static uint32_t free_slot(const char *image)
{
    for (uint32_t i = 0; i < REDOXFS_KEY_SLOTS; i++)
        if (!redoxfs_slot_is_used(&fs, i))
            return i;
    die(image, "all 64 key slots are in use");
}

static int list_slots(void)
{
    for (uint32_t i = 0; i < REDOXFS_KEY_SLOTS; i++)
        if (redoxfs_slot_is_used(&fs, i))
            printf("slot %u%s\n", i, i == fs.key_slot ? " (this password's)" : "");
    return 0;
}

int tool_password(int count, char **words)
{
    const char *new_file = nullptr, *what = count > 1 ? words[1] : "";
    if (count == 5 && strcmp(words[2], "--new-password-file") == 0) {
        new_file = words[3];
        words += 2;
        count -= 2;
    }
    bool is_add = strcmp(what, "add") == 0, is_change = strcmp(what, "change") == 0, is_remove = strcmp(what, "remove") == 0;
    if (count != 3 || !(is_add || is_change || is_remove || strcmp(what, "list") == 0))
        return usage();
    const char *image = words[2];
    image_open(image, is_add || is_change || is_remove);
    if (!fs.cipher)
        die(image, "the volume is not encrypted");
    if (is_add || is_change)
        slot_seal(is_add ? free_slot(image) : fs.key_slot, new_file);
    else if (!is_remove)
        return list_slots();
    else if (redoxfs_slot_set(&fs, fs.key_slot, nullptr) != OK)
        die(image, "this is the last password; without it nobody could read the volume");
    enum status status = redoxfs_commit(&fs);
    if (status == OK && !is_add)
        status = redoxfs_ring_clear(&fs);
    if (status != OK)
        die(image, sentence(status));
    redoxfs_close(&fs);
    return 0;
}
