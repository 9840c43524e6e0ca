/* SPDX-License-Identifier: MIT
 * What the files of this folder share and nobody else sees. */
#pragma once
#include "abi/boot.h"
#include "abi/status.h"
#include "arch/trap.h"
#include "base/span.h"
#include "kernel/core/cpu.h"

/* serial.c: usable at any time, early code included */
void serial_init(void);
void serial_write_raw(const char *text, size_t length);
void status_port_write(const char *text);

/* gdt.c: selectors are fixed by sysret: user data is user code 64 minus 8 */
enum : uint16_t { SELECTOR_KERNEL_CODE = 0x08, SELECTOR_KERNEL_DATA = 0x10, SELECTOR_USER_DATA = 0x1b, SELECTOR_USER_CODE = 0x23,
                  SELECTOR_TSS = 0x28 };
struct machine_cpu;
void gdt_load(struct machine_cpu *m);

/* idt.c */
void idt_init(void);
void idt_load(void);

/* features.c: what this CPU can do, and switching it on */
struct cpu_features {
    bool x2apic, tsc_deadline, tsc_invariant, smep, smap, umip, pcid, pge, gb_pages, rdrand, fast_strings;
    uint64_t xcr0;
    uint32_t vector_state_bytes;
};
extern struct cpu_features cpu_features;
void features_detect(void);
void features_enable(void);

/* smp.c: everything that one CPU owns */
#define IST_STACK_BYTES 8192u
enum { IST_NMI = 1, IST_DOUBLE_FAULT = 2, IST_MACHINE_CHECK = 3, IST_COUNT = 3 };
struct task_state { /* SDM 3A 8.7 */
    uint32_t reserved0;
    uint64_t rsp0, rsp1, rsp2, reserved1, ist[7], reserved2;
    uint16_t reserved3, io_map;
} __attribute__((packed));
/* The exceptions that come in any state find their CPU here, because GS cannot be trusted: the lowest word of each such stack, which
 * is aligned to its size, points to it. */
struct ist_stack {
    struct cpu *cpu;
    uint8_t bytes[IST_STACK_BYTES - sizeof(struct cpu *)];
} __attribute__((aligned(IST_STACK_BYTES)));
struct machine_cpu {
    struct ist_stack ist[IST_COUNT];
    uint64_t gdt[8];
    uint64_t task_state_padding;
    struct task_state task_state;
    struct cpu cpu;             /* assembly finds task_state.rsp0 at a fixed distance before it: offsets.h */
};
static inline struct machine_cpu *this_machine_cpu(void) { return container_of(this_cpu(), struct machine_cpu, cpu); }
extern struct machine_cpu boot_machine_cpu;
void machine_cpu_prepare(struct machine_cpu *m, uint32_t number, uint64_t canary);
void machine_cpu_load(struct machine_cpu *m); /* GDT, IDT, GS, control registers, call gate, on the CPU itself */

/* trap.c, called by trap_entry.S */
void trap_common(struct trap_frame *f);
void trap_any_state(struct trap_frame *f);   /* NMI, double fault, machine check */
/* Offers NMI's other use: stop for good, as arch_send_stop_all asked. */
extern bool arch_stopping;

/* user_iret.c: true when the fault was an iretq in user mode that is now finished */
bool user_iret_finish(struct trap_frame *f);

/* backtrace.c */
bool kernel_address_mapped(uint64_t address);

/* undefined.c: what a trap instruction in our own code says; null: it is not one that the compiler made */
const char *undefined_reason(uint64_t address);

/* cpu.c */
uint64_t boot_kernel_virtual(void);

/* stack.c: did this fault come from running over a kernel stack's end? */
bool stack_overflowed(const struct trap_frame *f, uint64_t address);

/* context.c */
void context_init(void);

/* clock.c */
struct time_reference;
void clock_init(void);
void clock_init_cpu(void);

/* acpi.c: the table with this signature, wherever it lies; ERR_NOT_FOUND */
enum status acpi_find(const char signature[4], struct view *out_table);

/* cmos.c */
void cmos_read_clock(void);

/* ioapic.c */
void ioapic_init(void);

/* lapic.c */
void lapic_end_of_interrupt(void);
