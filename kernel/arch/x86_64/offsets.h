/* SPDX-License-Identifier: MIT
 * Offsets and numbers for assembly, equal to what C says (offsets.c asserts each). */
#pragma once

#define CPU_SCRATCH 8
#define CPU_KERNEL_STACK_TOP 16
#define CPU_BLOCK 24
#define CPU_BLOCK_USER 32
#define CPU_PERSONALITY_ENTRY 40
#define CPU_WORK 48
#define CPU_TSS_RSP0 (-100)

#define BLOCK_MASKED 0
#define BLOCK_USER_RSP 8
#define BLOCK_USER_RIP 16
#define BLOCK_USER_RFLAGS 24

#define FRAME_RDI 64
#define FRAME_RSI 72
#define FRAME_RBP 80
#define FRAME_R15 88
#define FRAME_RAX 96
#define FRAME_RCX 104
#define FRAME_R11 112
#define FRAME_RIP 136
#define FRAME_CS 144
#define FRAME_RFLAGS 152
#define FRAME_RSP 160
#define FRAME_BYTES 176

#define CONTEXT_RSP 0
#define CONTEXT_STACK_TOP 16
#define CONTEXT_VECTOR_STATE 24
#define CONTEXT_FS_BASE 32
#define CONTEXT_GS_BASE 40
#define CONTEXT_AT_DOOR 48
#define CONTEXT_ON_CPU 52

#define USER_DATA 0x1b
#define USER_CODE 0x23
#define USER_RFLAGS 0x202 /* interrupts on, nothing else */
#define IST_BYTES 8192
#define FIRST_OWN_CALL 0x1000
#define CALL_CALL 0x1000
#define CALL_REPLY_RECEIVE 0x1004
#define VECTOR_SYSTEM_CALL 256
