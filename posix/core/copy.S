/* SPDX-License-Identifier: MIT
 * Access to the program's memory. Everything between posix_fault_start and posix_fault_end is a leaf without a stack frame: a
 * fault on any instruction there continues at posix_fault_landing, which returns -EFAULT to the caller.
 * Words of eight bytes one by one when there are few of them, rep movsq from 64 bytes on. */
    .section .posix.entry, "ax", @progbits
    .globl posix_fault_start, posix_fault_end, posix_fault_landing
    .hidden posix_fault_start, posix_fault_end, posix_fault_landing

.macro function name
    .globl \name
    .hidden \name
    .balign 16
\name:
.endm

posix_fault_start:

/* (to, from, length) */
function program_read
function program_write
    movq %rdx, %rcx
    shrq $3, %rcx
    cmpq $64, %rdx
    jae 5f
    testl %ecx, %ecx
    jz 2f
1:  movq (%rsi), %rax
    movq %rax, (%rdi)
    addq $8, %rsi
    addq $8, %rdi
    decq %rcx
    jnz 1b
2:  testb $7, %dl
    jnz 3f
    xorl %eax, %eax
    retq
3:  testb $4, %dl
    jz 4f
    movl (%rsi), %eax
    movl %eax, (%rdi)
    addq $4, %rsi
    addq $4, %rdi
4:  testb $2, %dl
    jz 6f
    movw (%rsi), %ax
    movw %ax, (%rdi)
    addq $2, %rsi
    addq $2, %rdi
6:  testb $1, %dl
    jz 7f
    movb (%rsi), %al
    movb %al, (%rdi)
7:  xorl %eax, %eax
    retq
5:  rep movsq
    jmp 2b

/* (pollfds, entries, count, table): each entry's `ready` (bits 48..54) through the table into the program's `revents` (16 bits at
 * offset 6). Answers how many are not zero. */
function program_write_revents
    xorl %r8d, %r8d
    testq %rdx, %rdx
    jz 2f
1:  movzbl 6(%rsi), %eax
    andl $0x7f, %eax
    movzwl (%rcx, %rax, 2), %eax
    movw %ax, 6(%rdi)
    cmpl $1, %eax
    sbbl $-1, %r8d
    addq $8, %rsi
    addq $8, %rdi
    decq %rdx
    jnz 1b
2:  movq %r8, %rax
    retq

/* (to, length) */
function program_clear
    movq %rsi, %rcx
    xorl %eax, %eax
    rep stosb
    retq

/* (from, out) */
function program_read_u32
    movl (%rdi), %eax
    movl %eax, (%rsi)
    xorl %eax, %eax
    retq
function program_read_u64
    movq (%rdi), %rax
    movq %rax, (%rsi)
    xorl %eax, %eax
    retq
/* (to, value) */
function program_write_u32
    movl %esi, (%rdi)
    xorl %eax, %eax
    retq
function program_write_u64
    movq %rsi, (%rdi)
    xorl %eax, %eax
    retq

/* (from, limit): bytes up to an aligned address, then eight at a time: a word has a zero byte when
 * (w - 0x01..01) & ~w & 0x80..80 is not zero. An aligned word never crosses into a page that the string does not reach. */
function program_string_length
    movq %rdi, %rax
    addq %rdi, %rsi                 /* end */
    jc 6f
1:  cmpq %rsi, %rax
    jae 5f
    testb $7, %al
    jz 2f
    cmpb $0, (%rax)
    je 5f
    incq %rax
    jmp 1b
2:  movabsq $0x0101010101010101, %r8
    movabsq $0x8080808080808080, %r9
3:  cmpq %rsi, %rax
    jae 4f
    movq (%rax), %rcx
    movq %rcx, %rdx
    subq %r8, %rcx
    notq %rdx
    andq %rdx, %rcx
    andq %r9, %rcx
    jnz 7f
    addq $8, %rax
    jmp 3b
7:  bsfq %rcx, %rcx
    shrl $3, %ecx
    addq %rcx, %rax
4:  cmpq %rsi, %rax
    cmovaq %rsi, %rax
5:  subq %rdi, %rax
    retq
6:  movq $-14, %rax
    retq

/* (at, expected, value, out) */
function program_exchange_u32
    movl %esi, %eax
    lock cmpxchgl %edx, (%rdi)
    movl %eax, (%rcx)
    xorl %eax, %eax
    retq

/* (at, mask) */
function program_save_vectors
    movq %rsi, %rax
    testq %rax, %rax
    jz 1f
    xorl %edx, %edx
    xsave64 (%rdi)
    xorl %eax, %eax
    retq
1:  fxsave64 (%rdi)
    retq
function program_restore_vectors
    movq %rsi, %rax
    testq %rax, %rax
    jz 1f
    xorl %edx, %edx
    xrstor64 (%rdi)
    xorl %eax, %eax
    retq
1:  fxrstor64 (%rdi)
    retq

posix_fault_end:
    nop
posix_fault_landing:
    movq $-14, %rax
    retq
    .section .note.GNU-stack, "", @progbits
