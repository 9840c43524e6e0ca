/* SPDX-License-Identifier: MIT
 * The instructions that touch user memory, and where each goes on when the CPU faults there. With SMAP, user memory is open only
 * between stac and clac. A fault exit finds the faulting address in rdx (put there by user_copy_fixup). */
    .text

.macro open_user
    cmpb $0, user_copy_smap(%rip)
    je 100f
    stac
100:
.endm
.macro close_user
    cmpb $0, user_copy_smap(%rip)
    je 100f
    clac
100:
.endm
/* An entry of the table: the instruction that may fault, the exit; relative, so that the kernel may lie anywhere. */
.macro exit_at instruction, landing
    .pushsection .rodata.user_copy, "a", @progbits
    .long \instruction - .
    .long \landing - .
    .popsection
.endm

    .pushsection .rodata.user_copy, "a", @progbits
    .balign 4
    .globl user_copy_exits
user_copy_exits:
    .popsection

/* struct raw_result user_copy_raw(void *to, const void *from, size_t length): rax bytes left, rdx faulting address */
    .globl user_copy_raw
    .type user_copy_raw, @function
user_copy_raw:
    movq %rdx, %rcx
    movl %edx, %eax
    shrq $3, %rcx
    andl $7, %eax
    open_user
1:  rep movsq
    movl %eax, %ecx
2:  rep movsb
    xorl %eax, %eax
    close_user
    ret
3:  leaq (%rax, %rcx, 8), %rax
    close_user
    ret
4:  movq %rcx, %rax
    close_user
    ret
    exit_at 1b, 3b
    exit_at 2b, 4b
    .size user_copy_raw, . - user_copy_raw

/* struct raw_result user_zero_raw(void *to, size_t length) */
    .globl user_zero_raw
    .type user_zero_raw, @function
user_zero_raw:
    movq %rsi, %rcx
    xorl %eax, %eax
    open_user
1:  rep stosb
    close_user
    ret
2:  movq %rcx, %rax
    close_user
    ret
    exit_at 1b, 2b
    .size user_zero_raw, . - user_zero_raw

/* bool user_load32_raw(const uint32_t *from, uint32_t *out): false when it faulted; and its kin */
.macro load_word name, register
    .globl \name
    .type \name, @function
\name:
    open_user
1:  mov (%rdi), \register
    close_user
    mov \register, (%rsi)
    movl $1, %eax
    ret
2:  close_user
    xorl %eax, %eax
    ret
    exit_at 1b, 2b
    .size \name, . - \name
.endm
    load_word user_load32_raw, %ecx
    load_word user_load64_raw, %rcx

/* bool user_store32_raw(uint32_t *to, uint32_t value) */
.macro store_word name, register
    .globl \name
    .type \name, @function
\name:
    open_user
1:  mov \register, (%rdi)
    close_user
    movl $1, %eax
    ret
2:  close_user
    xorl %eax, %eax
    ret
    exit_at 1b, 2b
    .size \name, . - \name
.endm
    store_word user_store32_raw, %esi
    store_word user_store64_raw, %rsi

/* bool user_exchange32_raw(uint32_t *at, uint32_t expected, uint32_t value, uint32_t *out_old) */
    .globl user_exchange32_raw
    .type user_exchange32_raw, @function
user_exchange32_raw:
    movl %esi, %eax
    movq %rcx, %r8
    open_user
1:  lock cmpxchgl %edx, (%rdi)
    close_user
    movl %eax, (%r8)
    movl $1, %eax
    ret
2:  close_user
    xorl %eax, %eax
    ret
    exit_at 1b, 2b
    .size user_exchange32_raw, . - user_exchange32_raw

    .pushsection .rodata.user_copy, "a", @progbits
    .globl user_copy_exits_end
user_copy_exits_end:
    .popsection
    .section .note.GNU-stack, "", @progbits
