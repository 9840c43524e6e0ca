/* SPDX-License-Identifier: MIT
 * The system-call door. Our own calls (rax >= 0x1000) build a trap frame on the context's kernel stack and reach system_call().
 * Smaller numbers belong to the process's personality: abi/process.h says what the library finds, and nothing else in memory
 * is touched on the way there. The CPU has put rip into rcx, rflags into r11, and masked IF, TF, DF, AC, NT. */
#include "offsets.h"

.section .text.entry, "ax"
.balign 64
.global syscall_entry
syscall_entry:
    swapgs
    movq %rsp, %gs:CPU_SCRATCH
    cmpq $FIRST_OWN_CALL, %rax
    jb foreign
    movq %gs:CPU_KERNEL_STACK_TOP, %rsp
    pushq $USER_DATA
    pushq %gs:CPU_SCRATCH
    pushq %r11
    pushq $USER_CODE
    pushq %rcx
    pushq $0
    pushq $VECTOR_SYSTEM_CALL
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
    movq %rsp, %rdi
    call system_call

    /* sysret is right only for what syscall itself would have left: rcx = rip, r11 = rflags, and a rip of the lower half
     * (a non-canonical one would fault in kernel mode). All else leaves by iretq. */
    cmpl $0, %gs:CPU_WORK
    jne trap_leave_to_user
    movq FRAME_RCX(%rsp), %rcx
    movq FRAME_R11(%rsp), %r11
    cmpq %rcx, FRAME_RIP(%rsp)
    jne trap_leave_to_user
    cmpq %r11, FRAME_RFLAGS(%rsp)
    jne trap_leave_to_user
    movq %rcx, %rax
    shrq $47, %rax
    jne trap_leave_to_user
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
    movq FRAME_RSP - 13 * 8(%rsp), %rsp
    swapgs
    sysretq

foreign:
    cmpq $0, %gs:CPU_PERSONALITY_ENTRY
    je nowhere
    movq %gs:CPU_BLOCK, %rsp        /* as a pointer: nothing is pushed, and interrupts are off */
    testq %rsp, %rsp
    jz nowhere
    movq %rcx, BLOCK_USER_RIP(%rsp)
    movq %r11, BLOCK_USER_RFLAGS(%rsp)
    movq %gs:CPU_SCRATCH, %rcx
    movq %rcx, BLOCK_USER_RSP(%rsp)
    movl $1, BLOCK_MASKED(%rsp)
    movq %gs:CPU_PERSONALITY_ENTRY, %rcx
    movq %gs:CPU_BLOCK_USER, %rsp
    movl $USER_RFLAGS, %r11d
    swapgs
    sysretq

nowhere:
    movq %gs:CPU_KERNEL_STACK_TOP, %rsp
    pushq $USER_DATA
    pushq %gs:CPU_SCRATCH
    pushq %r11
    pushq $USER_CODE
    pushq %rcx
    pushq $0
    pushq $VECTOR_SYSTEM_CALL
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
    movq %rsp, %rdi
    call system_call_without_personality
    jmp trap_leave_to_user

.section .note.GNU-stack, "", @progbits
