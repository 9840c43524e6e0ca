/* SPDX-License-Identifier: MIT
 * Segments and the task state of each CPU. Long mode needs them only for privilege levels, rsp0 and the IST stacks. */
#include "asm.h"
#include "early.h"
#include "machine_private.h"

struct table_pointer { uint16_t limit; uint64_t base; } __attribute__((packed));

/* Access bytes, SDM 3A 3.4.5: present, privilege, code or data; long-mode code has L set. */
enum : uint64_t {
    KERNEL_CODE = 0x00af9b000000ffff, KERNEL_DATA = 0x00cf93000000ffff,
    USER_CODE_64 = 0x00affb000000ffff, USER_DATA_64 = 0x00cff3000000ffff, TSS_AVAILABLE = 0x89ull << 40,
};

static void set_task_state_descriptor(struct machine_cpu *m)
{
    uint64_t base = (uint64_t)&m->task_state, limit = sizeof m->task_state - 1;
    m->gdt[SELECTOR_TSS / 8] = limit | (base & 0xffffff) << 16 | TSS_AVAILABLE | (base >> 24 & 0xff) << 56;
    m->gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
}

/* Loading the selectors clears the GS base, and with it the canary. */
EARLY void gdt_load(struct machine_cpu *m)
{
    m->gdt[0] = 0;
    m->gdt[SELECTOR_KERNEL_CODE / 8] = KERNEL_CODE;
    m->gdt[SELECTOR_KERNEL_DATA / 8] = KERNEL_DATA;
    m->gdt[SELECTOR_USER_DATA / 8] = USER_DATA_64;
    m->gdt[SELECTOR_USER_CODE / 8] = USER_CODE_64;
    set_task_state_descriptor(m);
    m->task_state.io_map = sizeof m->task_state; /* beyond the limit: no port is open to user mode */
    for (int i = 0; i < IST_COUNT; i++)
        m->task_state.ist[i] = (uint64_t)(&m->ist[i] + 1);

    struct table_pointer pointer = {sizeof m->gdt - 1, (uint64_t)m->gdt};
    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "movl %2, %%ds\n\t"
                     "movl %2, %%es\n\t"
                     "movl %2, %%ss\n\t"
                     "movl %3, %%fs\n\t"
                     "movl %3, %%gs\n\t"
                     "ltr %w4"
                     :
                     : "m"(pointer), "i"(SELECTOR_KERNEL_CODE), "r"((uint32_t)SELECTOR_KERNEL_DATA), "r"(0),
                       "r"((uint32_t)SELECTOR_TSS)
                     : "rax", "memory");
}
