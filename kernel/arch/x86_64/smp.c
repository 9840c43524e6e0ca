/* SPDX-License-Identifier: MIT
 * Starting the other CPUs (SDM 3A 8.4): INIT, then STARTUP with the page of the trampoline, one CPU at a time. The one that starts them
 * waits until each is online. */
#include "arch/layout.h"
#include "arch/machine.h"
#include "asm.h"
#include "base/string.h"
#include "base/try.h"
#include "early.h"
#include "kernel/core/addresses.h"
#include "kernel/core/log.h"
#include "kernel/mm/kernel_range.h"
#include "kernel/mm/kernel_stack.h"
#include "lapic.h"
#include "machine_private.h"
#include "topology.h"

struct startup {
    uint64_t page_tables, stack, argument, entry;
    uint32_t far_32, selector_32, far_64, selector_64;
    uint16_t gdt_limit;
    uint32_t gdt_base;
} __attribute__((packed));

enum : uint64_t { INIT_WAIT_NS = 200000, FIRST_WAIT_NS = 2000000, LAST_WAIT_NS = 1000000000, PAGE_FLAGS = 3, PAGE_LARGE = 1u << 7 };

extern const uint8_t smp_trampoline[], smp_trampoline_words[], smp_trampoline_end[];
extern uint64_t early_tables[6][512];

static void (*kernel_entry)(void);
static uint64_t kernel_tables; /* what each new CPU loads in place of the temporary ones */

/* On the new CPU, at the kernel's address, without GS at first. */
EARLY static void start_here(struct machine_cpu *m)
{
    asm_write_cr3(kernel_tables);
    machine_cpu_load(m);
    features_enable();
    lapic_enable();
    clock_init_cpu();
    __atomic_store_n(&m->cpu.online, true, __ATOMIC_RELEASE); /* what is written above is there for whoever sees it */
    kernel_entry();
    arch_halt();
}

/* The first 2 MiB where they are, and the kernel half. The tables of the 32-bit entry have no other use any more. */
static uint64_t make_temporary_tables(void)
{
    uint64_t physical = boot_information.kernel_physical + ((uint64_t)early_tables - boot_information.kernel_virtual);
    memset(early_tables, 0, 3 * PAGE_BYTES);
    const uint64_t *top = phys_to_virt(phys(align_down(asm_read_cr3(), PAGE_BYTES)));
    memcpy(&early_tables[0][256], &top[256], 256 * sizeof *top);
    early_tables[0][0] = (physical + PAGE_BYTES) | PAGE_FLAGS;
    early_tables[1][0] = (physical + 2 * PAGE_BYTES) | PAGE_FLAGS;
    early_tables[2][0] = PAGE_FLAGS | PAGE_LARGE;
    return physical;
}

static enum status make_cpu(uint32_t number, uint32_t apic_id, struct machine_cpu **out, uint64_t *out_stack)
{
    void *area;
    uint64_t base;
    /* Ranges are aligned to pages only, the emergency stacks to their size. */
    TRY(kernel_range_allocate(sizeof **out + IST_STACK_BYTES, &area));
    TRY(kernel_stack_allocate(&base, out_stack));
    struct machine_cpu *m = (struct machine_cpu *)align_up((uint64_t)area, IST_STACK_BYTES);
    machine_cpu_prepare(m, number, this_cpu()->arch.stack_canary);
    m->cpu.arch.apic_id = apic_id;
    m->cpu.arch.kernel_stack_top = m->task_state.rsp0 = *out_stack;
    *out = m;
    return OK;
}

static void fill_trampoline(uint64_t page, uint64_t tables, struct machine_cpu *m, uint64_t stack)
{
    uint8_t *to = phys_to_virt(phys(page));
    memcpy(to, smp_trampoline, (size_t)(smp_trampoline_end - smp_trampoline));
    struct startup *s = (struct startup *)(to + (smp_trampoline_words - smp_trampoline));
    s->page_tables = tables;
    s->stack = stack;
    s->argument = (uint64_t)m;
    s->entry = (uint64_t)start_here;
    s->far_32 += (uint32_t)page;
    s->far_64 += (uint32_t)page;
    s->gdt_base += (uint32_t)page;
}

static bool wait_online(const struct cpu *c, uint64_t ns)
{
    for (uint64_t end = arch_time_ns() + ns; arch_time_ns() < end; asm_pause())
        if (__atomic_load_n(&c->online, __ATOMIC_ACQUIRE))
            return true;
    return false;
}

static bool wake(const struct machine_cpu *m, uint64_t page)
{
    uint32_t id = m->cpu.arch.apic_id;
    lapic_send_init(id);
    if (wait_online(&m->cpu, INIT_WAIT_NS))
        return true;
    lapic_send_startup(id, (uint32_t)(page / PAGE_BYTES));
    if (wait_online(&m->cpu, FIRST_WAIT_NS))
        return true;
    lapic_send_startup(id, (uint32_t)(page / PAGE_BYTES));
    return wait_online(&m->cpu, LAST_WAIT_NS);
}

static void start_cpu(uint32_t apic_id, uint64_t page, uint64_t tables)
{
    struct machine_cpu *m;
    uint64_t stack;
    uint32_t number = cpu_count;
    if (make_cpu(number, apic_id, &m, &stack) != OK) {
        log_warning("smp: no memory for the CPU with APIC id %u", apic_id);
        return;
    }
    fill_trampoline(page, tables, m, stack);
    /* Counted first: the new CPU may use cpus[] up to its own number as soon as it runs. */
    __atomic_store_n(&cpu_count, number + 1, __ATOMIC_SEQ_CST);
    if (wake(m, page))
        return;
    log_warning("smp: the CPU with APIC id %u does not start", apic_id);
    __atomic_store_n(&cpu_count, number, __ATOMIC_SEQ_CST);
    cpus[number] = nullptr;
}

void arch_start_cpus(void (*entry)(void))
{
    uint64_t page = early_low_page;
    uint64_t tables = make_temporary_tables();
    kernel_tables = asm_read_cr3();
    kernel_entry = entry;
    for (uint32_t i = 0; i < machine_topology.cpu_count && cpu_count < CPU_MAX && page; i++) {
        const struct acpi_cpu *c = &machine_topology.cpus[i];
        if (c->enabled && c->apic_id != lapic_id())
            start_cpu(c->apic_id, page, tables);
    }
    memset(early_tables, 0, 3 * PAGE_BYTES);
    log_info("smp: %u CPUs", cpu_count);
}
