/* SPDX-License-Identifier: MIT
 * Interrupts and exceptions: each vector's stub, the frame (struct trap_frame), and the way back. The CPU has pushed
 * ss, rsp, rflags, cs, rip and for some vectors an error code. */
#include "frame.h"

.section .text.entry, "ax"

/* 256 stubs of 16 bytes. Vectors with an error code: 8, 10-14, 17, 21, 29, 30. */
.balign 16
.global trap_stubs
trap_stubs:
.set vector, 0
.rept 256
    .balign 16
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    pushq $0
    .endif
    pushq $vector
    jmp trap_entry
    .set vector, vector + 1
.endr

.balign 64
trap_entry:
    testb $3, 24(%rsp)
    jz 1f
    swapgs
1:  push_registers
    cld
    movq %rsp, %rdi
    call trap_common
    testb $3, FRAME_CS(%rsp)
    jz 2f
.global trap_leave_to_user
trap_leave_to_user:                 /* rsp: the frame, interrupts off */
    cmpl $0, %gs:CPU_WORK
    jne 3f
    swapgs
2:  pop_registers
    popq %rcx
    popq %r11
    addq $16, %rsp
    iretq
3:  movq %rsp, %rdi
    call trap_return_to_user
    jmp trap_leave_to_user

/* These come in any state, even between syscall and swapgs, so GS is taken from the stack that the CPU switched to. */
.macro any_state name, vector, has_error
.global \name
\name:
    .if !\has_error
    pushq $0
    .endif
    pushq $\vector
    jmp any_state_entry
.endm
any_state trap_nmi, 2, 0
any_state trap_double_fault, 8, 1
any_state trap_machine_check, 18, 0

any_state_entry:
    push_registers
    cld
    rdgsbase %rbx
    movq %rsp, %rax
    andq $-IST_BYTES, %rax
    movq (%rax), %rax
    wrgsbase %rax
    movq %rsp, %rdi
    call trap_any_state
    wrgsbase %rbx
    pop_registers
    popq %rcx
    popq %r11
    addq $16, %rsp
    iretq

.section .note.GNU-stack, "", @progbits
