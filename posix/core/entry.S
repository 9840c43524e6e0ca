/* SPDX-License-Identifier: MIT
 * Where the kernel enters the library, and the gate through which it leaves.
 *
 * posix_entry   a Linux system call: rsp = thread block, masked = 1, all registers but rcx and r11 the program's.
 * posix_upcall  the program was stopped between two instructions; its registers are in the block's `saved`, masked = 1.
 *
 * THE GATE. masked goes to 0, then pending is looked at, then the program goes on. The kernel may send an upcall at any instruction
 * after the store to masked; what is then in `saved` is the middle of the gate, and posix_upcall_arrived completes it: inside
 * [posix_gate, posix_gate_end) the program's rip and rsp are user_rip and user_rsp; all other registers are the program's
 * already. The other way out, posix_resume, is one native call.
 *
 * Model: tests/models/gate.pml. */
#include "posix/core/offsets.h"

    .section .posix.header, "a", @progbits
    .globl posix_image
    .hidden posix_image
posix_image:
    .ascii "MPOSIX01"
    .long posix_image_end - posix_image
    .long posix_entry - posix_image
    .long posix_upcall - posix_image
    .long posix_fault_start - posix_image
    .long posix_fault_end - posix_image
    .long posix_fault_landing - posix_image
    .long posix_launch_entry - posix_image
    .long posix_resume - posix_image
    .long posix_vdso - posix_image
    .long posix_vdso_end - posix_image
    .fill 4, 4, 0

    .section .posix.entry, "ax", @progbits
    .globl posix_entry, posix_upcall, posix_resume, posix_launch_entry
    .globl posix_gate, posix_gate_end
    .hidden posix_entry, posix_upcall, posix_resume, posix_launch_entry
    .hidden posix_gate, posix_gate_end

    .balign 64
posix_entry:
    movq %rax, T_NUMBER(%rsp)
    pushq %r15
    pushq %r14
    pushq %r13
    pushq %r12
    pushq %rbp
    pushq %rbx
    pushq %r9
    pushq %r8
    pushq %r10
    pushq %rdx
    pushq %rsi
    pushq %rdi
    cmpq $CALL_LIMIT, %rax
    jae 2f
    leaq posix_calls(%rip), %r11
    movslq (%r11, %rax, 4), %rax
    movq %r10, %rcx
    addq %r11, %rax
    callq *%rax
1:  popq %rdi
    popq %rsi
    popq %rdx
    popq %r10
    popq %r8
    popq %r9
    leaq 48(%rsp), %rsp
    movl $0, T_MASKED(%rsp)
posix_gate:
    cmpl $0, T_PENDING(%rsp)
    jne 3f
    movq T_USER_RIP(%rsp), %rcx
    movq T_USER_RSP(%rsp), %rsp
    jmpq *%rcx
3:  movl $1, T_MASKED(%rsp)         /* still inside: until it is done, an upcall may come */
posix_gate_end:
    jmp posix_gate_pending
2:  callq linux_unknown
    jmp 1b

/* Something came while the call ran: everything into `saved`, as if an upcall had found the program just after its call. */
posix_gate_pending:
    movq T_USER_RIP(%rsp), %rcx
    movq %rcx, T_RIP(%rsp)
    movq T_USER_RFLAGS(%rsp), %r11
    movq %r11, T_RFLAGS(%rsp)
    callq save_registers
    movq T_USER_RSP(%rsp), %rax
    movq %rax, T_RSP(%rsp)
    movq %rsp, %rdi
    callq posix_call_interrupted
    jmp posix_resume

/* rsp = thread block plus the return address; all but rip, rflags and rsp. Clobbers nothing. */
save_registers:
    movq %rax, 8+T_RAX(%rsp)
    movq %rbx, 8+T_RBX(%rsp)
    movq %rcx, 8+T_RCX(%rsp)
    movq %rdx, 8+T_RDX(%rsp)
    movq %rsi, 8+T_RSI(%rsp)
    movq %rdi, 8+T_RDI(%rsp)
    movq %rbp, 8+T_RBP(%rsp)
    movq %r8, 8+T_R8(%rsp)
    movq %r9, 8+T_R9(%rsp)
    movq %r10, 8+T_R10(%rsp)
    movq %r11, 8+T_R11(%rsp)
    movq %r12, 8+T_R12(%rsp)
    movq %r13, 8+T_R13(%rsp)
    movq %r14, 8+T_R14(%rsp)
    movq %r15, 8+T_R15(%rsp)
    retq

    .balign 16
posix_upcall:
    cld
    movq %rsp, %rdi
    callq posix_upcall_arrived
    jmp posix_resume

/* rsp = thread block: the program goes on with everything that `saved` holds, masked = 0; or, when something is pending, in posix_upcall
 * with the same `saved`. */
posix_resume:
    movl $CONTEXT_RESUME, %eax
    syscall
    ud2

posix_launch_entry:
    movq %rsp, %rdi
    callq posix_launched
    ud2

/* thread_resume(thread): from a call that gives the program new registers. */
    .globl thread_resume
    .hidden thread_resume
thread_resume:
    movq %rdi, %rsp
    jmp posix_resume

/* thread_leave(thread, word): the last instructions of a thread that is not the process's last. From the store to `used` on, another
 * thread may take the area, so nothing touches the stack any more; context_exit (0x1049) clears the word and wakes its futex. */
    .globl thread_leave
    .hidden thread_leave
thread_leave:
    movq %rdi, %rax
    movq %rsi, %rdi
    movl $0, T_FREE(%rax)
    movl $0x1049, %eax
    syscall
    ud2
    .section .note.GNU-stack, "", @progbits
