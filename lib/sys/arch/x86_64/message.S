/* SPDX-License-Identifier: MIT
 * The message calls: words between struct message (sys/message.h) and registers (abi/message.h).
 * w0..w7 = rdx r10 r8 r9 rbx r12 r13 r14. rcx and r11 are the CPU's, rsi rdi rbp r15 carry the rest. */
#define SYS_call 0x1000
#define SYS_submit 0x1001
#define SYS_forward 0x1002
#define SYS_receive 0x1003
#define SYS_reply_receive 0x1004
#define SYS_reply 0x1005
#define SYS_submit_receive 0x100e

.macro function name
    .globl \name
    .hidden \name
    .type \name, @function
    .p2align 4
\name:
.endm

.macro save_registers
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
.endm

.macro restore_registers
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
.endm

/* The words of the message at `from` into their registers; `from` is none of them. */
.macro load_words from
    mov 0(\from), %rdx
    mov 8(\from), %r10
    mov 16(\from), %r8
    mov 24(\from), %r9
    mov 32(\from), %rbx
    mov 40(\from), %r12
    mov 48(\from), %r13
    mov 56(\from), %r14
.endm

.macro store_words to
    mov %rdx, 0(\to)
    mov %r10, 8(\to)
    mov %r8, 16(\to)
    mov %r9, 24(\to)
    mov %rbx, 32(\to)
    mov %r12, 40(\to)
    mov %r13, 48(\to)
    mov %r14, 56(\to)
.endm

/* What a receive brought, into the message whose address lies on the stack; rax: kind, or a status, which is returned. */
.macro store_received
    pop %rcx
    test %rax, %rax
    js 1f
    store_words %rcx
    mov %eax, 64(%rcx)
    mov %rdi, 72(%rcx)
    mov %rsi, 80(%rcx)
    mov %rbp, 88(%rcx)
    mov %r15, 96(%rcx)
    mov %rdi, 104(%rcx)
    xor %eax, %eax
1:
.endm

    .text
/* int64_t sys_call(handle edi, kind esi, struct message * rdx) */
function sys_call
    push %rbx
    push %r12
    push %r13
    push %r14
    push %rdx
    mov %rdx, %rcx
    movslq %edi, %rdi
    mov %esi, %esi
    load_words %rcx
    mov $SYS_call, %eax
    syscall
    pop %rcx
    store_words %rcx
    mov %rax, 104(%rcx)
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    ret

/* status sys_submit(handle edi, kind esi, const struct message * rdx, endpoint ecx, tag r8) */
function sys_submit
    save_registers
    movslq %edi, %rdi
    mov %esi, %esi
    movslq %ecx, %rbp
    mov %r8, %r15
    mov %rdx, %rcx
    load_words %rcx
    mov $SYS_submit, %eax
    syscall
    restore_registers
    ret

/* status sys_submit_receive(handle edi, kind esi, struct message * rdx, endpoint ecx, tag r8) */
function sys_submit_receive
    save_registers
    push %rdx
    movslq %edi, %rdi
    mov %esi, %esi
    movslq %ecx, %rbp
    mov %r8, %r15
    mov %rdx, %rcx
    load_words %rcx
    mov $SYS_submit_receive, %eax
    syscall
    store_received
    restore_registers
    ret

/* status sys_forward(handle edi, kind esi, request rdx, data offset rcx, const struct message * r8) */
function sys_forward
    save_registers
    movslq %edi, %rdi
    mov %esi, %esi
    mov %rdx, %rbp
    mov %rcx, %r15
    mov %r8, %rcx
    load_words %rcx
    mov $SYS_forward, %eax
    syscall
    restore_registers
    ret

/* status sys_receive(endpoint edi, deadline rsi, struct message * rdx) */
function sys_receive
    save_registers
    push %rdx
    movslq %edi, %rdi
    mov $SYS_receive, %eax
    syscall
    store_received
    restore_registers
    ret

/* status sys_reply_receive(endpoint edi, request rsi, result rdx, flags rcx, struct message * r8) */
function sys_reply_receive
    save_registers
    push %r8
    movslq %edi, %rdi
    mov %rdx, %rbp
    mov %rcx, %r15
    mov %r8, %rcx
    load_words %rcx
    mov $SYS_reply_receive, %eax
    syscall
    store_received
    restore_registers
    ret

/* status sys_reply(endpoint edi, request rsi, result rdx, flags rcx, const struct message * r8) */
function sys_reply
    save_registers
    movslq %edi, %rdi
    mov %rdx, %rbp
    mov %rcx, %r15
    mov %r8, %rcx
    load_words %rcx
    mov $SYS_reply, %eax
    syscall
    restore_registers
    ret

    .section .note.GNU-stack, "", @progbits
