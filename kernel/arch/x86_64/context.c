/* SPDX-License-Identifier: MIT
 * A context's kernel stack and user state at rest. Only the context itself, or whoever holds it stopped, may call these. */
#include "arch/context.h"
#include "abi/memory.h"
#include "asm.h"
#include "base/string.h"
#include "base/try.h"
#include "kernel/core/panic.h"
#include "kernel/mm/heap.h"
#include "kernel/mm/kernel_stack.h"
#include "machine_private.h"
#include "offsets.h"

/* The standard form of an XSAVE area (SDM 1 13.4). All zero but MXCSR is the reset state. */
enum { XSAVE_MXCSR = 24, MXCSR_RESET = 0x1f80, XSAVE_ALIGNMENT = 64 };
/* What a program may set: the arithmetic flags, TF, DF, AC, ID. */
enum : uint64_t { RFLAGS_PROGRAM = 0xcd5 | RFLAGS_TF | RFLAGS_DF | RFLAGS_AC | RFLAGS_ID, CANONICAL_LIMIT = 1ull << 47 };

struct first_frame { uint64_t r15, r14, r13, r12, rbx, rbp, return_address, end[2]; };

static struct cache vector_states = {.name = "vector state", .lock = SPINLOCK_INIT(RANK_FRAME), .partial = UINT32_MAX};
extern const char context_first_steps[];

void context_init(void) { vector_states.item_bytes = (uint32_t)align_up(cpu_features.vector_state_bytes, XSAVE_ALIGNMENT); }

static void reset_vector_state(void *area)
{
    const uint32_t mxcsr = MXCSR_RESET;
    memset(area, 0, cpu_features.vector_state_bytes);
    memcpy((uint8_t *)area + XSAVE_MXCSR, &mxcsr, sizeof mxcsr);
}

static enum status create_vector_state(struct arch_context *c)
{
    TRY(cache_allocate(&vector_states, &c->vector_state));
    ASSERT(is_aligned((uint64_t)c->vector_state, XSAVE_ALIGNMENT));
    reset_vector_state(c->vector_state);
    return OK;
}

static void prepare_first_switch(struct arch_context *c, uint64_t top, void (*entry)(void *), void *argument)
{
    struct first_frame *f = (struct first_frame *)top - 1;
    *f = (struct first_frame){.r12 = (uint64_t)entry, .r13 = (uint64_t)argument, .return_address = (uint64_t)context_first_steps};
    c->rsp = (uint64_t)f;
}

enum status arch_context_create(struct arch_context *c, bool user, void (*entry)(void *), void *argument)
{
    *c = (struct arch_context){0};
    TRY(kernel_stack_allocate(&c->stack_base, &c->stack_top));
    enum status s = user ? create_vector_state(c) : OK;
    if (s != OK) {
        kernel_stack_free(c->stack_base);
        *c = (struct arch_context){0};
        return s;
    }
    prepare_first_switch(c, user ? (uint64_t)arch_context_frame(c) : c->stack_top, entry, argument);
    return OK;
}

void arch_context_destroy(struct arch_context *c)
{
    if (c->vector_state)
        cache_free(&vector_states, c->vector_state);
    if (c->stack_base)
        kernel_stack_free(c->stack_base);
    *c = (struct arch_context){0};
}

/* Only the running context's stack top is in GS. */
static bool is_running_here(const struct arch_context *c) { return arch_this_cpu()->kernel_stack_top == c->stack_top; }

void arch_context_copy_user_state(struct arch_context *to, struct arch_context *from_current)
{
    (void)from_current; /* its state is in the registers */
    memset(to->vector_state, 0, cpu_features.vector_state_bytes);
    __asm__ volatile("xsave64 (%0)" : : "r"(to->vector_state), "a"(-1), "d"(-1) : "memory");
    to->fs_base = asm_read_fs_base();
    to->gs_base = asm_read_user_gs_base();
}

void arch_context_reset_user_state(struct arch_context *current)
{
    reset_vector_state(current->vector_state);
    __asm__ volatile("xrstor64 (%0)" : : "r"(current->vector_state), "a"(-1), "d"(-1) : "memory");
    asm_write_fs_base(0);
    asm_write_user_gs_base(0);
}

void arch_frame_init(struct trap_frame *f, uint64_t rip, uint64_t rsp, uint64_t argument)
{
    *f = (struct trap_frame){.rdi = argument, .vector = VECTOR_SYSTEM_CALL, .rip = rip < CANONICAL_LIMIT ? rip : USER_LIMIT,
                             .cs = SELECTOR_USER_CODE, .rflags = USER_RFLAGS, .rsp = rsp, .ss = SELECTOR_USER_DATA};
}

void arch_frame_save(const struct trap_frame *f, const struct arch_context *c, struct user_registers *out)
{
    const uint64_t *w = f->words;
    bool running = is_running_here(c);
    *out = (struct user_registers){
        .rax = f->rax, .rbx = w[WORD_RBX], .rcx = f->rcx, .rdx = w[WORD_RDX], .rsi = f->rsi, .rdi = f->rdi, .rbp = f->rbp,
        .rsp = f->rsp, .r8 = w[WORD_R8], .r9 = w[WORD_R9], .r10 = w[WORD_R10], .r11 = f->r11, .r12 = w[WORD_R12],
        .r13 = w[WORD_R13], .r14 = w[WORD_R14], .r15 = f->r15, .rip = f->rip, .rflags = f->rflags,
        .fs_base = running ? asm_read_fs_base() : c->fs_base, .gs_base = running ? asm_read_user_gs_base() : c->gs_base};
}

static void load_bases(struct arch_context *c, uint64_t fs_base, uint64_t gs_base)
{
    /* A base that is not canonical would fault in kernel mode when it is loaded. */
    fs_base = fs_base < CANONICAL_LIMIT ? fs_base : 0;
    gs_base = gs_base < CANONICAL_LIMIT ? gs_base : 0;
    if (is_running_here(c)) {
        asm_write_fs_base(fs_base);
        asm_write_user_gs_base(gs_base);
    } else {
        c->fs_base = fs_base;
        c->gs_base = gs_base;
    }
}

void arch_frame_load_general(struct trap_frame *f, const struct user_registers *in)
{
    *f = (struct trap_frame){
        .words = {[WORD_RDX] = in->rdx, [WORD_R10] = in->r10, [WORD_R8] = in->r8, [WORD_R9] = in->r9, [WORD_RBX] = in->rbx,
                  [WORD_R12] = in->r12, [WORD_R13] = in->r13, [WORD_R14] = in->r14},
        .rdi = in->rdi, .rsi = in->rsi, .rbp = in->rbp, .r15 = in->r15, .rax = in->rax, .rcx = in->rcx, .r11 = in->r11,
        .vector = VECTOR_SYSTEM_CALL, .cs = SELECTOR_USER_CODE, .ss = SELECTOR_USER_DATA,
        /* iretq to an address that is not canonical faults in kernel mode; this one faults in user mode, as it should. */
        .rip = in->rip < CANONICAL_LIMIT ? in->rip : USER_LIMIT, .rsp = in->rsp,
        .rflags = (in->rflags & RFLAGS_PROGRAM) | RFLAGS_IF | RFLAGS_RESERVED};
}

void arch_frame_load(struct trap_frame *f, struct arch_context *c, const struct user_registers *in)
{
    arch_frame_load_general(f, in);
    load_bases(c, in->fs_base, in->gs_base);
}
