/* SPDX-License-Identifier: MIT
 * From one context to another on the same CPU, and the first steps of a new one. User vector state and segment bases travel
 * here, through the door (syscall_entry.S), and nowhere else; the kernel itself uses general registers only. */
#include "frame.h"

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
    cmpq $0, CONTEXT_VECTOR_STATE(%rdi)
    je 1f
    vector_state xsaveopt64 %rdi
    save_bases
1:  load_stack_top
    cmpq $0, CONTEXT_VECTOR_STATE(%rsi)
    je 2f
    vector_state xrstor64 %rsi
    load_bases
.global context_resume
context_resume:                     /* rsi: the next, whose user state is loaded */
2:  cmpl $0, CONTEXT_AT_DOOR(%rsi)
    jne context_enter_by_door
    movq CONTEXT_RSP(%rsi), %rsp
    popq %r15
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
