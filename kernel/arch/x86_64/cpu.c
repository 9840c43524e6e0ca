/* SPDX-License-Identifier: MIT
 * Each CPU's own area: segments, emergency stacks, struct cpu behind GS. The boot CPU's is static, others' come from smp.c. */
#include "arch/layout.h"
#include "arch/machine.h"
#include "asm.h"
#include "boot/ranges.h"
#include "early.h"
#include "kernel/core/addresses.h"
#include "kernel/core/log.h"
#include "kernel/core/panic.h"
#include "machine_private.h"

struct machine_cpu boot_machine_cpu;
struct cpu *cpus[CPU_MAX];
uint32_t cpu_count;

void kernel_main(const struct boot_info *boot);
extern uint64_t boot_stack_top[];

void machine_cpu_prepare(struct machine_cpu *m, uint32_t number, uint64_t canary)
{
    struct cpu *c = &m->cpu;
    c->arch.self = &c->arch;
    c->arch.stack_canary = canary;
    c->number = number;
    c->bit = 1ull << number;
    for (int i = 0; i < IST_COUNT; i++)
        m->ist[i].cpu = c;
    cpus[number] = c;
}

/* GS first: from here on functions with a stack protector may run. */
EARLY void machine_cpu_load(struct machine_cpu *m)
{
    gdt_load(m);
    asm_write_msr(MSR_GS_BASE, (uint64_t)&m->cpu);
    asm_write_msr(MSR_KERNEL_GS_BASE, 0);
    idt_load();
}

/* At the kernel's own address at last; still without GS. */
EARLY void arch_high_start(void)
{
    uint64_t *top = phys_to_virt(phys(asm_read_cr3()));
    for (int i = 0; i < 256; i++)
        top[i] = 0;
    /* All translations go, the firmware's global ones too; features_enable turns global pages on again. */
    asm_write_cr4(asm_read_cr4() & ~CR4_PGE);
    asm_write_cr3(asm_read_cr3());
    struct machine_cpu *m = &boot_machine_cpu;
    asm_write_msr(MSR_GS_BASE, (uint64_t)&m->cpu);
    m->cpu.arch.stack_canary = (boot_information.seed[3] ^ 0x63616e617279) & ~0xffull; /* the zero byte stops string copies */
    machine_cpu_prepare(m, 0, m->cpu.arch.stack_canary);
    m->cpu.arch.kernel_stack_top = (uint64_t)boot_stack_top;
    m->task_state.rsp0 = (uint64_t)boot_stack_top;
    m->cpu.online = true;
    cpu_count = 1;
    idt_init();
    machine_cpu_load(m);
    kernel_main(&boot_information);
    arch_halt();
}

static void set_log_level(const struct boot_info *boot)
{
    static const struct { const char *name; enum log_level level; } levels[] = {
        {"error", LOG_ERROR}, {"warning", LOG_WARNING}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}};
    struct view word;
    if (boot_command_word(boot, VIEW_OF_LITERAL("log"), &word) != OK)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(levels); i++)
        if (view_equal(word, view_of_string(levels[i].name)))
            log_set_level(levels[i].level);
}

void arch_init_boot_cpu(const struct boot_info *boot)
{
    static const char *const paths[] = {"?", "UEFI", "PVH", "multiboot2"};
    serial_init();
    set_log_level(boot);
    features_detect();
    features_enable();
    uint64_t slide = boot->kernel_virtual - IMAGE_REGION_START;
    log_info("MACROHARD OS, entered by %s; kernel at 0x%lx (slide 0x%lx, physical 0x%lx), direct map at 0x%lx",
             paths[boot->path < ARRAY_LENGTH(paths) ? boot->path : 0], boot->kernel_virtual, slide, boot->kernel_physical,
             direct_map_base);
}

uint64_t boot_kernel_virtual(void) { return boot_information.kernel_virtual; }
