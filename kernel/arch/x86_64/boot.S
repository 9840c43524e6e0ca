/* SPDX-License-Identifier: MIT
 * The first instructions. Two doors for emulators and GRUB (PVH and multiboot2: 32-bit protected mode, no paging), and one for
 * the UEFI loader (kernel_start: long mode, identity mapped). All three meet in kernel_start with rdi = struct boot_info.
 * Until high_start nothing here or in the C that it calls may use a relocated word. */
#define BOOT_PVH 2
#define BOOT_MULTIBOOT2 3

/* Functions with a stack protector read its canary through GS: give them a word. */
.macro early_gs_base
    leaq early_gs(%rip), %rax
    movq %rax, %rdx
    shrq $32, %rdx
    movl $0xc0000101, %ecx
    wrmsr
.endm

.section .boot.header, "a"
.balign 8
multiboot2_header:
    .long 0xe85250d6, 0, multiboot2_header_end - multiboot2_header
    .long -(0xe85250d6 + 0 + (multiboot2_header_end - multiboot2_header))
    .balign 8
    .word 3, 0                      /* entry address */
    .long 12, multiboot2_entry_physical
    .balign 8
    .word 6, 0                      /* modules on page boundaries */
    .long 8
    .balign 8
    .word 0, 0
    .long 8
multiboot2_header_end:

.section .note.pvh, "a", @note
.balign 4
    .long 4, 8, 18                  /* XEN_ELFNOTE_PHYS32_ENTRY; emulators read eight bytes from a 64-bit image */
    .asciz "Xen"
    .long pvh_entry_physical, 0

.section .boot, "ax"
.code32
.global pvh_entry, multiboot2_entry
pvh_entry:
    movl $BOOT_PVH, %esi
    jmp enter_long_mode
multiboot2_entry:
    movl $BOOT_MULTIBOOT2, %esi
enter_long_mode:
    cli
    cld
    movl $boot_stack_top_physical, %esp
    /* Identity map of the first 4 GiB: table 0 top level, 1 second level, 2..5 third level with 2 MiB pages. */
    movl $early_tables_physical, %edi
    leal 0x1003(%edi), %eax
    movl %eax, (%edi)
    movl $4, %ecx
    leal 0x2003(%edi), %eax
    leal 0x1000(%edi), %edx
1:  movl %eax, (%edx)
    addl $0x1000, %eax
    addl $8, %edx
    loop 1b
    movl $2048, %ecx
    movl $0x83, %eax
    leal 0x2000(%edi), %edx
2:  movl %eax, (%edx)
    addl $0x200000, %eax
    addl $8, %edx
    loop 2b
    movl %edi, %cr3
    movl %cr4, %eax
    orl $0x20, %eax                 /* PAE */
    movl %eax, %cr4
    movl $0xc0000080, %ecx          /* EFER: LME */
    rdmsr
    orl $0x100, %eax
    wrmsr
    movl %cr0, %eax
    orl $0x80000001, %eax
    movl %eax, %cr0
    lgdt boot_gdt_pointer_physical
    ljmp $0x08, $start64_physical

.code64
.global start64, kernel_start
start64:
    movl $0x10, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %esi, %edi                 /* which door */
    movl %ebx, %esi                 /* what it gave us */
    leaq boot_stack_top(%rip), %rsp
    xorl %ebp, %ebp
    early_gs_base
    call direct_start
    movq %rax, %rdi

kernel_start:                       /* rdi: struct boot_info, identity mapped like us */
    cli
    cld
    leaq boot_stack_top(%rip), %rsp
    xorl %ebp, %ebp
    early_gs_base
    leaq __image_start(%rip), %rsi
    call early_start                /* rax: the kernel's page tables, which map this very page at both places */
    movq %rax, %cr3
    jmpq *high_start_pointer(%rip)

high_start:
    leaq boot_stack_top(%rip), %rsp
    xorl %ebp, %ebp
    call arch_high_start
    ud2

.balign 8
.global boot_gdt, boot_gdt_pointer
boot_gdt:
    .quad 0, 0x00af9a000000ffff, 0x00cf92000000ffff
boot_gdt_pointer:
    .word 23
    .long boot_gdt_physical

.section .data.rel.ro, "aw"
.balign 8
high_start_pointer:
    .quad high_start

.section .bss, "aw", @nobits
.balign 4096
.global early_tables, boot_stack_guard, boot_stack_top
early_tables:
    .skip 6 * 4096
boot_stack_guard:                   /* not mapped */
    .skip 4096
boot_stack:
    .skip 16384
boot_stack_top:
early_gs:
    .skip 64

.section .note.GNU-stack, "", @progbits
