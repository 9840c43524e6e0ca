/* SPDX-License-Identifier: MIT
 * Where another CPU wakes up: in real mode, at a page below 1 MiB to which smp.c has copied this. From there to long mode, on
 * temporary tables that map the page and the kernel, and into C. The words at the end are smp.c's to fill (struct startup). */

.section .rodata, "a"
.balign 16
.global smp_trampoline, smp_trampoline_words, smp_trampoline_end
.code16
smp_trampoline:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    xorl %ebx, %ebx
    movw %ax, %bx
    shll $4, %ebx                   /* our linear address */
    lgdtl gdt_pointer - smp_trampoline
    movl %cr0, %eax
    orl $1, %eax
    movl %eax, %cr0
    ljmpl *(far_32 - smp_trampoline)
.code32
start_32:
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %ss
    movl %cr4, %eax
    orl $0x20, %eax                 /* PAE */
    movl %eax, %cr4
    movl (page_tables - smp_trampoline)(%ebx), %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx          /* EFER: LME, NXE */
    rdmsr
    orl $0x900, %eax
    wrmsr
    movl %cr0, %eax
    orl $0x80010001, %eax           /* paging, write protection */
    movl %eax, %cr0
    ljmpl *(far_64 - smp_trampoline)(%ebx)
.code64
start_64:
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movq (stack - smp_trampoline)(%rbx), %rsp
    movq (argument - smp_trampoline)(%rbx), %rdi
    movq (entry - smp_trampoline)(%rbx), %rax
    xorl %ebp, %ebp
    call *%rax
    ud2

.balign 8
gdt:
    .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff, 0x00af9a000000ffff
.balign 8
smp_trampoline_words:               /* struct startup */
page_tables:
    .quad 0
stack:
    .quad 0
argument:
    .quad 0
entry:
    .quad 0
far_32:
    .long start_32 - smp_trampoline /* smp.c adds the page's address here, */
    .word 0x08, 0
far_64:
    .long start_64 - smp_trampoline /* here, */
    .word 0x18, 0
gdt_pointer:
    .word 31
    .long gdt - smp_trampoline      /* and here */
smp_trampoline_end:

.section .note.GNU-stack, "", @progbits
