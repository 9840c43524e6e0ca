/* SPDX-License-Identifier: MIT
 * The trap frame in assembly: its general registers, the way in of a system call, and what a context keeps of user state besides.
 * Order of the pushes: struct trap_frame of arch/trap.h, from its end. */
#pragma once
#include "offsets.h"

.macro push_registers
    pushq %r11
    pushq %rcx
    pushq %rax
    pushq %r15
    pushq %rbp
    pushq %rsi
    pushq %rdi
    pushq %r14
    pushq %r13
    pushq %r12
    pushq %rbx
    pushq %r9
    pushq %r8
    pushq %r10
    pushq %rdx
.endm

/* All but rcx and r11. */
.macro pop_registers
    popq %rdx
    popq %r10
    popq %r8
    popq %r9
    popq %rbx
    popq %r12
    popq %r13
    popq %r14
    popq %rdi
    popq %rsi
    popq %rbp
    popq %r15
    popq %rax
.endm

/* After `syscall`: the whole frame on the context's kernel stack. The user's rsp is in CPU_SCRATCH. */
.macro push_call_frame
    movq %gs:CPU_KERNEL_STACK_TOP, %rsp
    pushq $USER_DATA
    pushq %gs:CPU_SCRATCH
    pushq %r11
    pushq $USER_CODE
    pushq %rcx
    pushq $0
    pushq $VECTOR_SYSTEM_CALL
    push_registers
.endm

/* The message words of the frame at rsp, to or from their registers. */
.macro load_words
    movq 0(%rsp), %rdx
    movq 8(%rsp), %r10
    movq 16(%rsp), %r8
    movq 24(%rsp), %r9
    movq 32(%rsp), %rbx
    movq 40(%rsp), %r12
    movq 48(%rsp), %r13
    movq 56(%rsp), %r14
.endm
.macro store_words
    movq %rdx, 0(%rsp)
    movq %r10, 8(%rsp)
    movq %r8, 16(%rsp)
    movq %r9, 24(%rsp)
    movq %rbx, 32(%rsp)
    movq %r12, 40(%rsp)
    movq %r13, 48(%rsp)
    movq %r14, 56(%rsp)
.endm

/* Vector state of the running user context into the arch_context at rdi, and of the next one from that at rsi: both have one. Changes
 * rax, rdx, rcx. The processor leaves out what is in its initial state or was not changed since it was loaded (SDM 1 13.9), so who
 * computes with general registers alone pays for two instructions that find nothing to do. */
.macro vector_state instruction, context
    movq CONTEXT_VECTOR_STATE(\context), %rcx
    movl $-1, %eax                  /* edx:eax: every component that XCR0 enables */
    movl $-1, %edx
    \instruction (%rcx)
.endm

/* FS and GS bases likewise. Changes r8, r9. */
.macro save_bases
    rdfsbase %r8
    movq %r8, CONTEXT_FS_BASE(%rdi)
    swapgs
    rdgsbase %r8
    swapgs
    movq %r8, CONTEXT_GS_BASE(%rdi)
.endm
.macro load_bases
    movq CONTEXT_FS_BASE(%rsi), %r8
    wrfsbase %r8
    movq CONTEXT_GS_BASE(%rsi), %r8
    swapgs
    wrgsbase %r8
    swapgs
.endm

.macro load_stack_top               /* of rsi; stays in r8 */
    movq CONTEXT_STACK_TOP(%rsi), %r8
    movq %r8, %gs:CPU_KERNEL_STACK_TOP
    movq %r8, %gs:CPU_TSS_RSP0
.endm
