/* SPDX-License-Identifier: MIT
 * The head of struct cpu: what the entry assembly reads and writes through GS. Offsets are asserted in assembly's header. */
#pragma once
#include "base/types.h"

struct thread_block;
struct arch_cpu {
    struct arch_cpu *self;              /* 0 */
    uint64_t scratch;                   /* 8: user rsp during entry */
    uint64_t kernel_stack_top;          /* 16: where a system call's trap frame ends */
    struct thread_block *block;         /* 24: current context's thread block through the direct map; null: none */
    uint64_t block_user;                /* 32: its user address = top of the library's stack */
    uint64_t personality_entry;         /* 40: where foreign system calls go; 0: nowhere */
    uint32_t work;                      /* 48: WORK_* of kernel/core/cpu.h */
    uint32_t apic_id;                   /* 52 */
    uint64_t stack_canary;              /* 56 */
    uint64_t reserved[8];
};
static_assert(offsetof(struct arch_cpu, stack_canary) == 56);

#ifdef MH_HOST
struct arch_cpu *arch_this_cpu(void); /* unit tests bring their own */
#else
static inline struct arch_cpu *arch_this_cpu(void)
{
    struct arch_cpu *self;
    /* Volatile: a context may go on on another CPU after any switch, so no earlier answer may be kept. */
    __asm__ volatile("movq %%gs:0, %0" : "=r"(self));
    return self;
}
#endif
