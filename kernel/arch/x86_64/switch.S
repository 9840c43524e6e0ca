/* SPDX-License-Identifier: MIT
 * From one context to another on the same CPU, and the first steps of a new one. User vector state and segment bases travel
 * here and nowhere else; the kernel itself uses general registers only. */
#include "offsets.h"

.section .text.entry, "ax"
.balign 64
.global arch_context_switch
arch_context_switch:                /* rdi: the running one, rsi: the next */
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, CONTEXT_RSP(%rdi)
    movq CONTEXT_VECTOR_STATE(%rdi), %rcx
    movl $-1, %eax                  /* edx:eax: every component that XCR0 enables */
    movl $-1, %edx
    testq %rcx, %rcx
    jz 1f
    xsaveopt64 (%rcx)
    rdfsbase %r8
    movq %r8, CONTEXT_FS_BASE(%rdi)
    swapgs
    rdgsbase %r8
    swapgs
    movq %r8, CONTEXT_GS_BASE(%rdi)
1:  movq CONTEXT_RSP(%rsi), %rsp
    movq CONTEXT_STACK_TOP(%rsi), %r8
    movq %r8, %gs:CPU_KERNEL_STACK_TOP
    movq %r8, %gs:CPU_TSS_RSP0
    movq CONTEXT_VECTOR_STATE(%rsi), %rcx
    testq %rcx, %rcx
    jz 2f
    xrstor64 (%rcx)
    movq CONTEXT_FS_BASE(%rsi), %r8
    wrfsbase %r8
    movq CONTEXT_GS_BASE(%rsi), %r8
    swapgs
    wrgsbase %r8
    swapgs
2:  popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret

/* Where a new context's first switch returns to; context.c has put entry and argument into r12 and r13. */
.global context_first_steps
context_first_steps:
    movq %r13, %rdi
    call *%r12
    ud2                             /* entry functions do not return */

.global arch_enter_user
arch_enter_user:                    /* rdi: the frame, which is the top of the kernel stack */
    movq %rdi, %rsp
    jmp trap_leave_to_user

.section .note.GNU-stack, "", @progbits
