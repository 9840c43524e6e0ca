/* SPDX-License-Identifier: MIT
 * The proof that offsets.h tells assembly the truth. No code. */
#include "offsets.h"
#include "abi/process.h"
#include "abi/syscall.h"
#include "arch/context.h"
#include "arch/percpu.h"
#include "machine_private.h"

#define SAME(constant, type, member) static_assert((constant) == offsetof(type, member))
SAME(CPU_SCRATCH, struct arch_cpu, scratch);
SAME(CPU_KERNEL_STACK_TOP, struct arch_cpu, kernel_stack_top);
SAME(CPU_BLOCK, struct arch_cpu, block);
SAME(CPU_BLOCK_USER, struct arch_cpu, block_user);
SAME(CPU_PERSONALITY_ENTRY, struct arch_cpu, personality_entry);
SAME(CPU_WORK, struct arch_cpu, work);
SAME(BLOCK_MASKED, struct thread_block, masked);
SAME(BLOCK_USER_RSP, struct thread_block, user_rsp);
SAME(BLOCK_USER_RIP, struct thread_block, user_rip);
SAME(BLOCK_USER_RFLAGS, struct thread_block, user_rflags);
SAME(FRAME_RDI, struct trap_frame, rdi);
SAME(FRAME_RSI, struct trap_frame, rsi);
SAME(FRAME_RBP, struct trap_frame, rbp);
SAME(FRAME_R15, struct trap_frame, r15);
SAME(FRAME_RAX, struct trap_frame, rax);
SAME(FRAME_RCX, struct trap_frame, rcx);
SAME(FRAME_R11, struct trap_frame, r11);
SAME(FRAME_RIP, struct trap_frame, rip);
SAME(FRAME_CS, struct trap_frame, cs);
SAME(FRAME_RFLAGS, struct trap_frame, rflags);
SAME(FRAME_RSP, struct trap_frame, rsp);
SAME(CONTEXT_RSP, struct arch_context, rsp);
SAME(CONTEXT_STACK_TOP, struct arch_context, stack_top);
SAME(CONTEXT_VECTOR_STATE, struct arch_context, vector_state);
SAME(CONTEXT_FS_BASE, struct arch_context, fs_base);
SAME(CONTEXT_GS_BASE, struct arch_context, gs_base);
SAME(CONTEXT_AT_DOOR, struct arch_context, at_door);
SAME(CONTEXT_ON_CPU, struct arch_context, on_cpu);
static_assert(CPU_TSS_RSP0 + (int)offsetof(struct machine_cpu, cpu) ==
              (int)(offsetof(struct machine_cpu, task_state) + offsetof(struct task_state, rsp0)));
static_assert(USER_DATA == SELECTOR_USER_DATA && USER_CODE == SELECTOR_USER_CODE);
static_assert(IST_BYTES == sizeof(struct ist_stack) && FIRST_OWN_CALL == SYSCALL_FIRST);
static_assert(CALL_CALL == (int)SYS_call && CALL_REPLY_RECEIVE == (int)SYS_reply_receive);
static_assert(FRAME_BYTES == sizeof(struct trap_frame));
