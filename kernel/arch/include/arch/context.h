/* SPDX-License-Identifier: MIT
 * A context's kernel stack, saved registers and vector state. The address space is switched apart (kernel/mm). */
#pragma once
#include "arch/trap.h"
#include "abi/process.h"
#include "abi/status.h"

struct arch_context {
    uint64_t rsp;               /* saved kernel stack pointer while not running */
    uint64_t stack_base, stack_top;
    void *vector_state;         /* XSAVE area; null: the idle contexts, which never leave the kernel */
    uint64_t fs_base, gs_base;  /* user's, while not running */
    uint32_t at_door;           /* AT_DOOR_*: it sleeps with nothing on its kernel stack but its frame */
    uint32_t on_cpu;            /* atomic: its registers or its stack are in use by a CPU */
};

enum : uint32_t { AT_DOOR_NOT, AT_DOOR_CALL, AT_DOOR_RECEIVE };

/* A kernel stack with guard page and, when `user`, a vector state in reset form. First switch to it runs entry(argument) with
 * interrupts off. The user frame is the top of the stack. */
enum status arch_context_create(struct arch_context *c, bool user, void (*entry)(void *), void *argument);
void arch_context_destroy(struct arch_context *c);
static inline struct trap_frame *arch_context_frame(const struct arch_context *c)
{
    return (struct trap_frame *)(c->stack_top - sizeof(struct trap_frame));
}
/* Saves the running one, continues `to` on this CPU, updates kernel_stack_top and TSS.rsp0. Vector state and FS/GS bases are
 * saved and restored eagerly (XSAVEOPT/XRSTOR: a handful of instructions; nothing leaks, nothing traps). */
void arch_context_switch(struct arch_context *from, struct arch_context *to);
[[noreturn]] void arch_enter_user(struct trap_frame *f);  /* leaves through the full restore path */
void arch_context_copy_user_state(struct arch_context *to, struct arch_context *from_current); /* vector state, FS, GS: for clone */
void arch_context_reset_user_state(struct arch_context *current);                             /* for exec */
void arch_frame_init(struct trap_frame *f, uint64_t rip, uint64_t rsp, uint64_t argument);     /* selectors, rflags, zeros */
void arch_frame_save(const struct trap_frame *f, const struct arch_context *c, struct user_registers *out);
/* Sanitizes selectors and flags: any bytes may be given. */
/* The same without fs and gs. */
void arch_frame_load_general(struct trap_frame *f, const struct user_registers *in);
void arch_frame_load(struct trap_frame *f, struct arch_context *c, const struct user_registers *in);
