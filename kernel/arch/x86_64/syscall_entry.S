/* SPDX-License-Identifier: MIT
 * The system-call door. Our own calls (rax >= 0x1000) build a trap frame on the context's kernel stack and reach system_call(), or one
 * of the two functions that send a message straight to a context that waits for it. Smaller numbers belong to the process's personality:
 * abi/process.h says what the library finds, and nothing else in memory is touched on the way there. The CPU has put rip into rcx,
 * rflags into r11, and masked IF, TF, DF, AC, NT.
 *
 * A context that left through the door has nothing on its kernel stack but its frame (arch_context.at_door): no registers of C are saved
 * and none are loaded when it comes back, and the message's words go from one frame to the other's registers without being copied. */
#include "frame.h"

.section .text.entry, "ax"
.balign 64
.global syscall_entry
syscall_entry:
    swapgs
    movq %rsp, %gs:CPU_SCRATCH
    cmpq $FIRST_OWN_CALL, %rax
    jb foreign
    push_call_frame
    cmpq $CALL_REPLY_RECEIVE, %rax  /* the last of the message calls that have a way of their own */
    jbe by_door
ordinary:
    movq %rsp, %rdi
    call system_call
leave:
    /* sysret is right only for what syscall itself would have left: rcx = rip, r11 = rflags. All else leaves by iretq. A rip that came
     * from syscall is canonical: nothing is ever mapped in the last page below the hole (USER_LIMIT). */
    cmpl $0, %gs:CPU_WORK
    jne trap_leave_to_user
    movq FRAME_RCX(%rsp), %rcx
    movq FRAME_R11(%rsp), %r11
    cmpq %rcx, FRAME_RIP(%rsp)
    jne trap_leave_to_user
    cmpq %r11, FRAME_RFLAGS(%rsp)
    jne trap_leave_to_user
    pop_registers
    movq FRAME_RSP - 13 * 8(%rsp), %rsp
    swapgs
    sysretq

by_door:
    movq %rsp, %r12
    jne 1f
    call door_reply_receive
    jmp 2f
1:  cmpq $CALL_CALL, %rax
    jne ordinary
    call door_call
2:  testq %rax, %rax                /* the next context; null: rdx tells which of the other ways */
    jz stay
    movq %rax, %rsi
    movq %rdx, %rdi
    vector_state xsaveopt64 %rdi
    load_stack_top
    vector_state xrstor64 %rsi
    cmpl $0, CONTEXT_AT_DOOR(%rsi)
    je 3f
    cmpl $0, %gs:CPU_WORK
    jne 4f
    leaq -FRAME_BYTES(%r8), %r11
    movq CONTEXT_FS_BASE(%rsi), %r8
    movq CONTEXT_GS_BASE(%rsi), %r9
    rdfsbase %rax
    wrfsbase %r8
    swapgs                          /* the user's GS from here on: nothing of the CPU's own is needed any more */
    rdgsbase %rcx
    wrgsbase %r9
    movq %rax, CONTEXT_FS_BASE(%rdi)
    movq %rcx, CONTEXT_GS_BASE(%rdi)
    movl $0, CONTEXT_AT_DOOR(%rsi)
    load_words                      /* of the frame that is left */
    movl $0, CONTEXT_ON_CPU(%rdi)   /* now another CPU may go on with it; stores stay in order */
    movq %r11, %rsp
    movq FRAME_RDI(%rsp), %rdi
    movq FRAME_RSI(%rsp), %rsi
    movq FRAME_RBP(%rsp), %rbp
    movq FRAME_R15(%rsp), %r15
    movq FRAME_RAX(%rsp), %rax
    movq FRAME_RIP(%rsp), %rcx
    movq FRAME_RFLAGS(%rsp), %r11
    movq FRAME_RSP(%rsp), %rsp
    sysretq

3:  save_bases                      /* it sleeps in C, and takes its message from its frame */
    load_bases
    jmp context_resume

4:  movq %r8, %r11                  /* somebody wants its attention: with all of its message in its frame, the usual way out */
    save_bases
    load_bases
    movl $0, CONTEXT_AT_DOOR(%rsi)
    load_words
    movl $0, CONTEXT_ON_CPU(%rdi)
    leaq -FRAME_BYTES(%r11), %rsp
    store_words
    jmp trap_leave_to_user

stay:
    testq %rdx, %rdx
    jz ordinary
    jmp leave

/* Who left through the door comes back by an ordinary switch. rsi: its arch_context. */
.global context_enter_by_door
context_enter_by_door:
    movq CONTEXT_STACK_TOP(%rsi), %rsp
    subq $FRAME_BYTES, %rsp
    movq %rsp, %rdi
    call door_return
    jmp leave

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
    push_call_frame
    movq %rsp, %rdi
    call system_call_without_personality
    jmp trap_leave_to_user

.section .note.GNU-stack, "", @progbits
