/* SPDX-License-Identifier: MIT
 * The machine: CPUs, time, interrupt controller, ports, serial log, power. */
#pragma once
#include "abi/boot.h"
#include "abi/status.h"
#include "base/types.h"

void arch_init_boot_cpu(const struct boot_info *boot);   /* GDT, IDT, per-CPU area, CPU features, serial */
void arch_init_machine(void);                            /* ACPI tables, local APIC, I/O APIC, timer; after kernel/mm is up */
void arch_start_cpus(void (*entry)(void));               /* brings all others up; each calls entry() on its own idle stack */

uint64_t arch_tsc(void);
uint64_t arch_time_ns(void);                             /* monotonic since boot; tsc_to_ns */
uint64_t arch_tsc_hz(void);
uint64_t arch_time_multiplier(void);                     /* ns = (tsc - base) * multiplier >> 32 */
uint64_t arch_time_base_tsc(void);
int64_t arch_realtime_offset_ns(void);                   /* from the CMOS clock at boot */
void arch_timer_arm(uint64_t deadline_ns);               /* one-shot on this CPU; UINT64_MAX: off; past: fires at once */

void arch_idle(void);                                    /* sti; hlt; cli: returns after an interrupt */
void arch_interrupt_window(void);                        /* sti; nop; cli */
void arch_pause(void);
[[noreturn]] void arch_halt(void);
void arch_send_reschedule(uint32_t cpu);
void arch_send_shootdown(uint32_t cpu);                  /* makes that CPU call shootdown_answer() (kernel/mm) */
void arch_send_stop_all(void);

/* Device interrupts: vectors 0x30..0xef are handed out; trap_device(vector) is called after the EOI rule below. */
enum status arch_vector_allocate(uint32_t *out_vector);
void arch_vector_free(uint32_t vector);
enum status arch_line_route(uint32_t gsi, uint32_t vector, bool level, bool active_low); /* leaves it masked */
void arch_line_mask(uint32_t gsi, bool masked);
void arch_message_address(uint32_t vector, uint64_t *out_address, uint32_t *out_data);

uint32_t arch_port_in(uint16_t port, uint32_t width_bytes);
void arch_port_out(uint16_t port, uint32_t width_bytes, uint32_t value);
void arch_port_out_bytes(uint16_t port, const uint8_t *data, size_t length); /* rep outsb */
void arch_serial_write(const char *text, size_t length); /* the log's COM1; polls */
void arch_status_write(const char *text);                /* debug console port 0x520: "panic\n" */
uint64_t arch_acpi_root(void);                           /* physical address of the RSDP */
uint64_t arch_random(void);                              /* RDRAND when there, mixed by the caller; 0 otherwise */
void arch_backtrace(uint64_t frame_pointer, void (*line)(uint64_t address)); /* walks kernel frames safely */
