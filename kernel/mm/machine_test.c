/* SPDX-License-Identifier: MIT
 * The pieces of the kernel that memory calls, for unit tests: enough to run, loud where a test should never come. */
#include "machine_test.h"
#include "abi/boot.h"
#include "arch/mmu.h"
#include "kernel/core/cpu.h"
#include "kernel/core/log.h"
#include "kernel/core/panic.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/group.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/kernel_range.h"
#include "kernel/mm/page_table.h"
#include "kernel/task/share.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t direct_map_base, mmu_kernel_area = UINT64_MAX / 2;
struct cpu *cpus[CPU_MAX];
uint32_t cpu_count = 1;
static struct cpu the_cpu;
static struct boot_info boot;

struct arch_cpu *arch_this_cpu(void) { return &the_cpu.arch; }

void panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    abort();
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}
OFF_THE_WAY void spin_lock_contended(struct spinlock *l) { panic("spinlock at %p taken twice", (void *)l); }
bool table_keep(phys_addr_t table)
{
    (void)table;
    return false;
}
uint64_t table_count(void) { return 0; }
enum status kernel_range_allocate(size_t bytes, void **out)
{
    (void)bytes;
    (void)out;
    return ERR_NO_MEMORY;
}
void kernel_range_free(void *pointer, size_t bytes) { panic("range %p of %zu bytes was never given", pointer, bytes); }

#include "kernel/core/object.c" /* small, and core is no library of the build machine */
struct group *group_current(void) { return &root_group; }
void share_end(struct group *g) { (void)g; }

void test_machine_start(void)
{
    static bool started;
    if (started)
        return;
    started = true;
    cpus[0] = &the_cpu;
    direct_map_base = (uint64_t)aligned_alloc(4 << 20, TEST_MEMORY_BYTES);
    /* A hole, so that ranges are not one: [0, 1 MiB) reserved but for some pages, then RAM. */
    boot.range_count = 3;
    boot.ranges[0] = (struct boot_range){.start = 0, .length = 0x9f000, .kind = BOOT_MEMORY_USABLE};
    boot.ranges[1] = (struct boot_range){.start = 0x9f000, .length = 0x61000, .kind = BOOT_MEMORY_RESERVED};
    boot.ranges[2] = (struct boot_range){.start = 0x100000, .length = TEST_MEMORY_BYTES - 0x100000, .kind = BOOT_MEMORY_USABLE};
    frame_init(&boot);
    heap_init();
}
