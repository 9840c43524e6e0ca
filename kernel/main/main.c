/* SPDX-License-Identifier: MIT
 * The order in which the kernel comes up. */
#include "abi/boot.h"
#include "arch/machine.h"
#include "arch/trap.h"
#include "kernel/core/log.h"
#include "kernel/core/panic.h"
#include "kernel/mm/kernel_range.h"
#include "kernel/mm/kernel_stack.h"

void kernel_main(const struct boot_info *boot);

/* Weak: each gives way as soon as the folder that owns the name is linked. */
#define UNTIL_THEN __attribute__((weak))

UNTIL_THEN void system_call(struct trap_frame *f) { panic_at(f, "a system call before there are processes"); }
UNTIL_THEN void system_call_without_personality(struct trap_frame *f) { panic_at(f, "a system call before there are processes"); }
UNTIL_THEN void trap_page_fault(struct trap_frame *f, uint64_t address) { panic_at(f, "page fault at 0x%lx before kernel/mm", address); }
UNTIL_THEN void trap_exception(struct trap_frame *f) { panic_at(f, "exception %lu before there are processes", f->vector); }
UNTIL_THEN void trap_timer(void) {}
UNTIL_THEN void trap_reschedule(void) {}
UNTIL_THEN void trap_device(uint32_t vector) { log_info("device vector 0x%x", vector); }
UNTIL_THEN void trap_return_to_user(struct trap_frame *f) { panic_at(f, "on the way to user mode without processes"); }
UNTIL_THEN void trap_dump(void) {}

void shootdown_answer(void);
UNTIL_THEN void shootdown_answer(void) {}


UNTIL_THEN bool kernel_stack_is_guard(uint64_t address) { return address == 0; }
UNTIL_THEN enum status kernel_range_map(phys_addr_t start, size_t bytes, uint32_t flags, void **out)
{
    (void)start, (void)bytes, (void)flags, (void)out;
    return ERR_NO_MEMORY;
}

void kernel_main(const struct boot_info *boot)
{
    arch_init_boot_cpu(boot);
    for (uint32_t i = 0; i < boot->range_count; i++)
        log_info("memory 0x%012lx + 0x%lx kind %u", boot->ranges[i].start, boot->ranges[i].length, boot->ranges[i].kind);
    arch_status_write("ready\n");
    arch_halt();
}
