/* SPDX-License-Identifier: MIT
 * The order in which the kernel comes up. */
#include "abi/boot.h"
#include "arch/machine.h"
#include "kernel/core/cpu.h"
#include "kernel/core/log.h"
#include "kernel/core/panic.h"
#include "kernel/irq/hardware.h"
#include "kernel/main/crash.h"
#include "kernel/main/entropy.h"
#include "kernel/main/first_process.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/mm.h"
#include "kernel/mm/shortage.h"
#include "kernel/task/context.h"
#include "kernel/task/futex.h"
#include "kernel/task/load.h"
#include "kernel/task/timer.h"

void kernel_main(const struct boot_info *boot);

static void further_cpu(void)
{
    mm_init_cpu();
    context_idle_prepare();
    context_idle_loop();
}

void kernel_main(const struct boot_info *boot)
{
    arch_init_boot_cpu(boot);
    entropy_init(boot);
    mm_init(boot);
    timer_system_init();
    futex_system_init();
    context_system_init();
    context_idle_prepare();
    arch_init_machine();
    hardware_init(boot);
    arch_start_cpus(further_cpu);
    load_start();
    frame_release_boot(boot);
    crash_if_asked(boot);
    shortage_from_boot(boot);
    enum status status = first_process_start(boot);
    if (status != OK)
        panic("init cannot be started: status %d", status);
    log_info("kernel is up: %u CPU%s", cpu_count, cpu_count == 1 ? "" : "s");
    context_idle_loop();
}
