/* SPDX-License-Identifier: MIT
 * Unit tests on the build machine: TEST(what_is_promised) { CHECK(x); CHECK_EQUAL(got, wanted); }. A failed check is reported with
 * its values and the test goes on; the program ends with `N passed, N failed` and status 1 when a test failed. */
#pragma once
#include "base/types.h"

struct unit_test { const char *name, *file; void (*run)(void); };

#define TEST(name)                                                                                         \
    static void test_##name(void);                                                                         \
    static const struct unit_test unit_##name __attribute__((used, retain, section("unit_tests"))) = {#name, __FILE__, test_##name}; \
    static void test_##name(void)

/* Each answers whether the check held, so that a test can stop: if (!CHECK(p)) return; */
bool unit_check(bool held, const char *file, int line, const char *expression);
bool unit_check_equal(uint64_t got, uint64_t wanted, const char *file, int line, const char *expression);
bool unit_check_text(const char *got, const char *wanted, const char *file, int line, const char *expression);

#define CHECK(expression) unit_check((expression), __FILE__, __LINE__, #expression)
/* Integers, enumerations and pointers. */
#define CHECK_EQUAL(got, wanted) unit_check_equal((uint64_t)(got), (uint64_t)(wanted), __FILE__, __LINE__, #got " == " #wanted)
#define CHECK_OK(expression) CHECK_EQUAL((expression), 0)
#define CHECK_TEXT(got, wanted) unit_check_text((got), (wanted), __FILE__, __LINE__, #got)
