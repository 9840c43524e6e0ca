/* SPDX-License-Identifier: MIT
 * An emulator's mistake, made good. QEMU (seen in 7.2) reads the stack of an iretq in USER mode as if the kernel read it; with SMAP on
 * that is a page fault that no real CPU raises: from user mode, but without the user bit in its error code. The instruction is finished
 * here, as the manual describes it (SDM 2A, IRET, same privilege): no more rights than the program has, one step later. */
#include "abi/memory.h"
#include "asm.h"
#include "kernel/mm/user_copy.h"
#include "machine_private.h"

enum : uint64_t { PROGRAM_FLAGS = 0xcd5 | RFLAGS_TF | RFLAGS_DF | RFLAGS_AC | RFLAGS_ID };
struct return_frame { uint64_t rip, cs, rflags, rsp, ss; };

bool user_iret_finish(struct trap_frame *f)
{
    uint8_t code[2];
    struct return_frame r;
    if (copy_from_user(code, user(f->rip), sizeof code) != OK || code[0] != 0x48 || code[1] != 0xcf)
        return false;
    if (copy_from_user(&r, user(f->rsp), sizeof r) != OK)
        return false;
    if (r.cs != SELECTOR_USER_CODE || r.ss != SELECTOR_USER_DATA || r.rip >= USER_LIMIT)
        return false;
    f->rip = r.rip;
    f->rsp = r.rsp;
    f->rflags = (r.rflags & PROGRAM_FLAGS) | RFLAGS_IF | RFLAGS_RESERVED;
    return true;
}
