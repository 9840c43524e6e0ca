/* SPDX-License-Identifier: MIT
 * What address spaces and memory objects promise. */
#include "check.h"

static bool anonymous_memory_is_zero(void)
{
    void *p;
    EXPECT_STATUS(sys_map_anonymous(5 * 4096, 0, &p), OK);
    volatile uint8_t *bytes = p;
    for (size_t i = 0; i < 5 * 4096; i += 512)
        EXPECT(bytes[i] == 0);
    bytes[4096] = 7;
    EXPECT(bytes[4096] == 7);
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, sys_address(p), 5 * 4096), OK);
    uint8_t byte;
    EXPECT(sys_space_read(HANDLE_SELF_SPACE, sys_address(p), (struct span){&byte, 1}) < 0);
    return true;
}

static bool write_and_execute_exclude_each_other(void)
{
    uint64_t address;
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, 4096, PROT_READ_ | PROT_WRITE_ | PROT_EXECUTE_, HANDLE_NONE, 0, &address),
                  ERR_NOT_PERMITTED);
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, 4096, PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &address), OK);
    static const uint8_t code[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov $42, %eax; ret */
    for (size_t i = 0; i < sizeof code; i++)
        ((volatile uint8_t *)(uintptr_t)address)[i] = code[i];
    EXPECT_STATUS(sys_protect(HANDLE_SELF_SPACE, address, 4096, PROT_READ_ | PROT_EXECUTE_), OK);
    EXPECT(((int (*)(void))(uintptr_t)address)() == 42);
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, address, 4096), OK);
    return true;
}

static bool two_mappings_of_an_object_agree(void)
{
    handle_t m;
    uint64_t a, b, c;
    EXPECT_STATUS(sys_memory_create(8192, 0, PLACE_HIGH, &m), OK);
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, 8192, PROT_READ_ | PROT_WRITE_ | MAP_SHARED_, m, 0, &a), OK);
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, 4096, PROT_READ_ | MAP_SHARED_, m, 4096, &b), OK);
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, 8192, PROT_READ_ | PROT_WRITE_, m, 0, &c), OK);
    *(volatile uint32_t *)(uintptr_t)(a + 4096) = 0x12345678;
    EXPECT(*(volatile uint32_t *)(uintptr_t)b == 0x12345678);
    EXPECT(*(volatile uint32_t *)(uintptr_t)(c + 4096) == 0x12345678);
    *(volatile uint32_t *)(uintptr_t)(c + 4096) = 1; /* a private copy */
    EXPECT(*(volatile uint32_t *)(uintptr_t)b == 0x12345678);
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, a, 8192), OK);
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, b, 4096), OK);
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, c, 8192), OK);
    EXPECT_STATUS(sys_handle_close(m), OK);
    return true;
}

static bool mappings_split_and_replace(void)
{
    uint64_t a, b;
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, 0, 4 * 4096, PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &a), OK);
    *(volatile uint8_t *)(uintptr_t)(a + 3 * 4096) = 9;
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, a + 4096, 4096), OK);
    EXPECT(*(volatile uint8_t *)(uintptr_t)(a + 3 * 4096) == 9);
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, a, 4096, MAP_NO_REPLACE_ | PROT_READ_, HANDLE_NONE, 0, &b), ERR_EXISTS);
    EXPECT_STATUS(sys_map(HANDLE_SELF_SPACE, a + 3 * 4096, 4096, MAP_EXACT_ | PROT_READ_, HANDLE_NONE, 0, &b), OK);
    EXPECT(b == a + 3 * 4096 && *(volatile uint8_t *)(uintptr_t)b == 0);
    EXPECT_STATUS(sys_unmap(HANDLE_SELF_SPACE, a, 4 * 4096), OK);
    return true;
}

static bool bad_addresses_are_refused(void)
{
    EXPECT_STATUS(sys_system_info((struct system_info *)(uintptr_t)0x10), ERR_BAD_ADDRESS);
    EXPECT_STATUS(sys_system_info((struct system_info *)(uintptr_t)0xffff800000000000), ERR_BAD_ADDRESS);
    uint64_t address;
    EXPECT(sys_map(HANDLE_SELF_SPACE, 0, 0, PROT_READ_, HANDLE_NONE, 0, &address) == ERR_INVALID);
    EXPECT(sys_map(HANDLE_SELF_SPACE, 0, UINT64_MAX & ~4095ull, PROT_READ_, HANDLE_NONE, 0, &address) != OK);
    EXPECT(sys_map(HANDLE_SELF_SPACE, 0, 4096, MAP_EXACT_ | PROT_READ_, HANDLE_NONE, 0, &address) != OK);
    return true;
}

const struct check memory_checks[] = {
    {"anonymous memory is zero, and gone after unmap", anonymous_memory_is_zero},
    {"no page is writable and executable; one becomes the other", write_and_execute_exclude_each_other},
    {"two mappings of an object agree, a private one keeps its changes", two_mappings_of_an_object_agree},
    {"mappings split and are replaced exactly", mappings_split_and_replace},
    {"addresses that are not the caller's are refused", bad_addresses_are_refused},
    {}};
