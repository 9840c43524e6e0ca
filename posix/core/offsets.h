/* SPDX-License-Identifier: MIT
 * Where the assembly finds things: offsets into struct thread and the sizes that both sides agree on; thread.h asserts them. */
#pragma once

#define T_MASKED 0
#define T_PENDING 4
#define T_USER_RSP 8
#define T_USER_RIP 16
#define T_USER_RFLAGS 24
#define T_RAX 64
#define T_RBX 72
#define T_RCX 80
#define T_RDX 88
#define T_RSI 96
#define T_RDI 104
#define T_RBP 112
#define T_RSP 120
#define T_R8 128
#define T_R9 136
#define T_R10 144
#define T_R11 152
#define T_R12 160
#define T_R13 168
#define T_R14 176
#define T_R15 184
#define T_RIP 192
#define T_RFLAGS 200
#define T_PROCESS 224
#define T_NUMBER 232
#define CONTEXT_RESUME 0x1062 /* abi/syscall.def */
#define T_FREE 296       /* 32 bits, 0: nobody's, see thread_leave in entry.S */

#define FRAME_BYTES 96   /* struct call_frame */
#define CALL_LIMIT 512
