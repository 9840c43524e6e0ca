/* SPDX-License-Identifier: MIT
 * The table from Linux's numbers to our functions: offsets from the table, so that nothing needs relocation at run time. Slots are
 * filled by relocation records that the linker resolves; one that no list names keeps posix_unknown. */
#include "posix/core/offsets.h"
    .section .posix.entry, "ax", @progbits
    .globl posix_calls
    .hidden posix_calls
    .balign 64
posix_calls:
    .rept CALL_LIMIT
    .long posix_unknown - posix_calls
    .endr

    .globl posix_unknown
    .hidden posix_unknown
posix_unknown:
    jmp linux_unknown

#define CALL(number, name) .reloc posix_calls + 4 * (number), R_X86_64_PC32, linux_##name + 4 * (number);
#include "posix/process/calls.def"
#include "posix/signal/calls.def"
#include "posix/memory/calls.def"
#include "posix/thread/calls.def"
#include "posix/time/calls.def"
#include "posix/file/calls.def"
#include "posix/socket/calls.def"
#include "posix/terminal/calls.def"
#include "posix/poll/calls.def"
#include "posix/proc/calls.def"
    .section .note.GNU-stack, "", @progbits
