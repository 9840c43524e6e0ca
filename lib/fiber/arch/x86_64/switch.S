/* SPDX-License-Identifier: MIT
 * fiber_switch(rdi: where to save our stack pointer, rsi: the stack pointer to go on with). General registers only: native programs
 * are compiled without vector state. */
.globl fiber_switch
.type fiber_switch, @function
.hidden fiber_switch
fiber_switch:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
.size fiber_switch, . - fiber_switch
.section .note.GNU-stack, "", @progbits
