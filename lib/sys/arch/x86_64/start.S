/* SPDX-License-Identifier: MIT
 * Where a native program begins: rdi = struct start_block *. The stack is aligned here, whatever the loader left. */
    .text
    .globl start
    .hidden start
    .type start, @function
start:
    xor %ebp, %ebp
    and $-16, %rsp
    call start_program
    ud2
    .section .note.GNU-stack, "", @progbits
