/* SPDX-License-Identifier: MIT
 * Messages: eight words in registers, and what the kernel does for a request around them.
 *
 * REGISTER MAP (system-call number in rax, as always; rcx and r11 belong to the CPU):
 *   words w0..w7                    rdx r10 r8 r9 rbx r12 r13 r14      the same in all directions
 *   call           in   rdi handle  rsi kind
 *                  out  rax result (>= 0, or a status)                 words = the reply's words
 *   submit         in   rdi handle  rsi kind  rbp endpoint for the completion  r15 tag
 *                  out  rax status
 *   submit_receive in   the same as submit: on success, then a receive on that endpoint
 *   receive        in   rdi endpoint  rsi deadline_ns (0: wait for ever, 1: do not wait)
 *   reply_receive  in   rdi endpoint  rsi request id  rbp result  r15 reply flags   words
 *   reply          in   the same, returns at once
 *   forward        in   rdi handle  rsi kind  rbp request id  r15 client data offset    words
 *     a receive   out   rax kind (or a status)  rdi request id  rsi token  rbp caller id
 *                       r15 credential token    words
 *
 * A request's kind is an operation (16 bits) and flags that say which words describe memory and handles:
 *   KIND_SEND_DATA       w6 address, w7 length   the client's bytes for the server
 *   KIND_RECEIVE_DATA    w4 address, w5 capacity where the server's bytes go
 *   KIND_SEND_HANDLE     w3 handle (needs grant; low 32 bits), rights mask in the high 32 bits (0: all that it has)
 *   KIND_RECEIVE_HANDLE  w2 placement            where the handle in the reply goes
 * What the server sees: w6 the address of the bytes in its receive buffer and w7 the FULL length (the buffer
 * holds the first min(w7, buffer size); the rest through request_read); w4 zero and w5 the capacity; w3 a new HIGH
 * handle of its own; w2 unchanged. A reply that names data sets REPLY_DATA and puts its own address and length into w4, w5: the
 * kernel copies min(length, capacity), and the client sees w5 = bytes copied. A reply that gives a handle sets
 * REPLY_HANDLE and puts it into w3; the client sees its own new number in w3.
 * A reply to a request that had no room for what the reply carries drops it. */
#pragma once
#include "abi/handle.h"

#define MESSAGE_WORDS 8
#define KIND_OPERATION 0xffffu
#define KIND_FROM_KERNEL 0x8000u /* in the operation: one of the kernel's own messages. A client's request with it is INVALID */
enum : uint32_t {
    KIND_SEND_DATA      = 1u << 16,
    KIND_RECEIVE_DATA   = 1u << 17,
    KIND_SEND_HANDLE    = 1u << 18,
    KIND_RECEIVE_HANDLE = 1u << 19,
    KIND_INTERRUPTIBLE  = 1u << 20,  /* a pending signal makes the kernel send the server KIND_CANCEL */
    KIND_IDEMPOTENT     = 1u << 21,  /* may be replayed when the server is restarted */
};
enum : uint64_t {
    REPLY_DATA        = 1u << 0,
    REPLY_HANDLE      = 1u << 1,
    REPLY_HANDLE_MOVE = 1u << 2,     /* with REPLY_HANDLE: close the server's own number */
};

/* Messages that the kernel itself puts into receive; `kind` is exactly one of these, request id is 0 unless stated. */
enum : uint32_t {
    KIND_CLOSED     = 0xf001,  /* token's last handle is gone */
    KIND_CANCEL     = 0xf002,  /* request id: its client wants to leave: answer soon */
    KIND_COMPLETION = 0xf003,  /* of a submit: token = tag, request id = result, words = the reply's words */
    KIND_EVENT      = 0xf004,  /* of a bind: token = tag, w0 = how many since the last, w1 = source-specific value */
    KIND_PAGE_IN    = 0xf005,  /* token = the file's; w0 offset, w1 length in bytes: answer with file_supply */
    KIND_PAGE_OUT   = 0xf006,  /* token; w0 offset, w1 length: pages are in `writing`; file_read them, then file_written */
    KIND_FILE_IDLE  = 0xf007,  /* token: nobody but its server holds this file */
    KIND_FILE_CUT   = 0xf008,  /* token; w0 = the least size since the last of these: what lay behind it is gone for good */
    KIND_FILE_COMMIT = 0xf009, /* token; w0 number: pages that were written out, size and times are to last (a client's sync):
                                * answer with file_written(file, number, 0, status), which also answers smaller numbers */
};

/* The file-like operations, 1..0xff. Offsets and lengths in bytes. Words not named are zero.
 * `read` and `write` system calls on a resource become READ and WRITE. */
enum : uint16_t {
    OP_OPEN     = 1,  /* send path; w0 open flags, w1 mode; receive handle; reply w0 = kind of node */
    OP_READ     = 2,  /* receive data; w0 offset or OFFSET_STREAM, w1 stream flags; result = bytes */
    OP_WRITE    = 3,  /* send data; w0 offset or OFFSET_STREAM, w1 stream flags; result = bytes taken */
    OP_SEEK     = 4,  /* w0 offset, w1 whence; result = new offset */
    OP_STAT     = 5,  /* receive struct file_attributes */
    OP_SYNC     = 6,
    OP_TRUNCATE = 7,  /* w0 size */
    OP_READDIR  = 8,  /* receive directory records (abi/file.h); w0 cookie (0 = start), or OFFSET_STREAM: from
                         * the open directory's own position, which OP_SEEK sets and this moves; result = bytes */
    OP_MAP      = 9,  /* receive handle of a memory object; w0 offset, w1 length, w2 placement */
    OP_CONTROL  = 10, /* w0 command, w1 argument; send and receive data by the command's protocol */
    OP_PROTOCOL = 0x100, /* operations of abi/protocol/ start here */
};
#define OFFSET_STREAM UINT64_MAX

/* Caller id: the object id of the calling process; cannot be forged and is never reused. */
