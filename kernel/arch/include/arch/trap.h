/* SPDX-License-Identifier: MIT
 * The user's registers on top of the kernel stack, and who handles what came in.
 * Entry code (system call, interrupt, exception) always builds the whole frame; message words lie together so that a
 * message moves as eight loads and stores. A frame from kernel mode (exceptions only) has the same layout. */
#pragma once
#include "base/types.h"

struct trap_frame {
    uint64_t words[8];   /* rdx r10 r8 r9 rbx r12 r13 r14: abi/message.h */
    uint64_t rdi, rsi, rbp, r15, rax, rcx, r11;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(struct trap_frame) == 22 * 8);
enum { WORD_RDX, WORD_R10, WORD_R8, WORD_R9, WORD_RBX, WORD_R12, WORD_R13, WORD_R14 };

static inline bool trap_from_user(const struct trap_frame *f) { return (f->cs & 3) == 3; }

/* What arch calls, with interrupts off, on the current context's kernel stack. (kernel/syscall, kernel/task, kernel/irq) */
void system_call(struct trap_frame *f);                              /* f->rax >= 0x1000; answer into f->rax */
/* call and reply_receive come here first. `to` set: the CPU goes on with it; the words of f are its message, the rest is in its frame. When
 * it is not at the door itself its frame has everything. `to` null: the ordinary way, if `from` is null too; otherwise f has the answer.
 * Who left through the door and comes back by an ordinary switch begins with door_return.
 * They run at the bottom of the stack: there are no registers to preserve for anybody. */
struct arch_context;
struct door_switch { struct arch_context *to, *from; };
#define AT_STACK_BOTTOM __attribute__((preserve_none))
AT_STACK_BOTTOM struct door_switch door_call(struct trap_frame *f);
AT_STACK_BOTTOM struct door_switch door_reply_receive(struct trap_frame *f);
void door_return(struct trap_frame *f);
void system_call_without_personality(struct trap_frame *f);          /* rax < 0x1000 and no entry registered: ERR_NO_CALL */
void trap_page_fault(struct trap_frame *f, uint64_t address);        /* f->error: the CPU's */
void trap_exception(struct trap_frame *f);                           /* any other exception */
void trap_timer(void);
void trap_reschedule(void);
void trap_device(uint32_t vector);
void trap_return_to_user(struct trap_frame *f);                      /* cpu.work is not 0 and we are about to leave to user mode */
void trap_dump(void);                                                /* NMI: print every context */

/* What arch offers about a frame. */
void arch_frame_print(const struct trap_frame *f);                   /* registers, into the log */
