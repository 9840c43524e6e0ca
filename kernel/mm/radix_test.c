/* SPDX-License-Identifier: MIT
 * What the radix tree promises, against a plain array. */
#include "kernel/mm/radix.h"
#include "base/random.h"
#include "machine_test.h"
#include "unit/unit.h"

TEST(radix_keeps_what_is_set_and_forgets_what_is_removed)
{
    enum { KEYS = 3000 };
    static uint64_t model[KEYS];
    test_machine_start();
    struct radix r;
    struct random g;
    radix_init(&r);
    random_init(&g, (const uint64_t[4]){5, 6, 7, 8});
    for (unsigned round = 0; round < 30000; round++) {
        uint64_t key = random_below(&g, KEYS);
        if (random_below(&g, 2)) {
            model[key] = round + 1;
            CHECK_OK(radix_set(&r, key, model[key]));
        } else {
            CHECK_EQUAL(radix_remove(&r, key), model[key]);
            model[key] = 0;
        }
    }
    uint64_t count = 0, at = 0, entry;
    for (uint64_t key = 0; key < KEYS; key++) {
        CHECK_EQUAL(radix_get(&r, key), model[key]);
        count += model[key] != 0;
    }
    CHECK_EQUAL(r.count, count);
    for (uint64_t key = 0; key < KEYS; key++) {
        if (!model[key])
            continue;
        CHECK(radix_next(&r, at, &at, &entry));
        CHECK(at == key && entry == model[key]);
        at++;
    }
    CHECK(!radix_next(&r, at, &at, &entry));
    for (uint64_t key = 0; key < KEYS; key++)
        radix_remove(&r, key);
    CHECK(!r.root && r.levels == 0); /* no empty node stays */
}

TEST(radix_reaches_far_keys_with_few_nodes)
{
    test_machine_start();
    struct radix r;
    uint64_t key, entry;
    radix_init(&r);
    static const uint64_t far[] = {0, 63, 64, 4095, 4096, 1ull << 30, (1ull << 52) - 1, UINT64_MAX >> 12};
    for (unsigned i = 0; i < ARRAY_LENGTH(far); i++)
        CHECK_OK(radix_set(&r, far[i], i + 1));
    for (unsigned i = 0; i < ARRAY_LENGTH(far) - 1; i++)
        CHECK_EQUAL(radix_get(&r, far[i]), far[i] == far[6] ? 8 : i + 1);
    CHECK(radix_next(&r, 4097, &key, &entry) && key == 1ull << 30);
    CHECK(!radix_next(&r, 1ull << 52, &key, &entry));
    CHECK_EQUAL(radix_get(&r, UINT64_MAX), 0);
    for (unsigned i = 0; i < ARRAY_LENGTH(far); i++)
        radix_remove(&r, far[i]);
    CHECK(!r.root);
}
