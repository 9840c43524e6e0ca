/* SPDX-License-Identifier: MIT
 * A native call with every register chosen, and what they are afterwards. */
.globl trap_all
.type trap_all, @function
trap_all:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq %rdi
    movq %rdi, %rcx
    movq (%rcx), %rax
    movq 8(%rcx), %rdi
    movq 16(%rcx), %rsi
    movq 24(%rcx), %rdx
    movq 32(%rcx), %r10
    movq 40(%rcx), %r8
    movq 48(%rcx), %r9
    movq 56(%rcx), %rbx
    movq 64(%rcx), %r12
    movq 72(%rcx), %r13
    movq 80(%rcx), %r14
    movq 88(%rcx), %rbp
    movq 96(%rcx), %r15
    syscall
    popq %rcx
    movq %rax, (%rcx)
    movq %rdi, 8(%rcx)
    movq %rsi, 16(%rcx)
    movq %rdx, 24(%rcx)
    movq %r10, 32(%rcx)
    movq %r8, 40(%rcx)
    movq %r9, 48(%rcx)
    movq %rbx, 56(%rcx)
    movq %r12, 64(%rcx)
    movq %r13, 72(%rcx)
    movq %r14, 80(%rcx)
    movq %rbp, 88(%rcx)
    movq %r15, 96(%rcx)
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    retq
.section .note.GNU-stack, "", @progbits
