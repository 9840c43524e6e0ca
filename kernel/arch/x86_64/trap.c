/* SPDX-License-Identifier: MIT
 * Sorting what came in. Exceptions in kernel mode are user copies (page faults, which kernel/syscall resolves) or our own bugs, which
 * are reported here. Interrupts come from user mode or from the two windows that the kernel opens. */
#include "arch/trap.h"
#include "arch/machine.h"
#include "abi/memory.h"
#include "asm.h"
#include "kernel/core/log.h"
#include "kernel/core/panic.h"
#include "kernel/core/symbols.h"
#include "machine_private.h"
#include "vectors.h"

enum { EXCEPTION_DEBUG = 1, EXCEPTION_NMI = 2, EXCEPTION_UNDEFINED = 6, EXCEPTION_DOUBLE_FAULT = 8, EXCEPTION_PROTECTION = 13,
       EXCEPTION_PAGE_FAULT = 14,
       EXCEPTIONS = 32, FAULT_BY_USER = 4 };

static const char *const exception_names[EXCEPTIONS] = {
    "division error", "debug exception", "non-maskable interrupt", "breakpoint", "overflow", "bound range", "invalid opcode",
    "device not available", "double fault", "coprocessor segment overrun", "invalid task state", "segment not present",
    "stack segment fault", "general protection fault", "page fault", "reserved exception", "x87 error", "alignment check",
    "machine check", "SIMD error", "virtualization exception", "control protection", [28] = "hypervisor injection",
    [29] = "VMM communication", [30] = "security exception",
};

bool arch_stopping;

static const char *exception_name(uint64_t vector)
{
    return vector < EXCEPTIONS && exception_names[vector] ? exception_names[vector] : "unknown exception";
}

void arch_frame_print(const struct trap_frame *f)
{
    const uint64_t *w = f->words;
    log_error("  rip 0x%016lx  cs 0x%lx  rflags 0x%08lx  vector %lu (%s)  error 0x%lx", f->rip, f->cs, f->rflags, f->vector,
              exception_name(f->vector), f->error);
    log_error("  rax 0x%016lx  rbx 0x%016lx  rcx 0x%016lx  rdx 0x%016lx", f->rax, w[WORD_RBX], f->rcx, w[WORD_RDX]);
    log_error("  rsi 0x%016lx  rdi 0x%016lx  rbp 0x%016lx  rsp 0x%016lx", f->rsi, f->rdi, f->rbp, f->rsp);
    log_error("  r8  0x%016lx  r9  0x%016lx  r10 0x%016lx  r11 0x%016lx", w[WORD_R8], w[WORD_R9], w[WORD_R10], f->r11);
    log_error("  r12 0x%016lx  r13 0x%016lx  r14 0x%016lx  r15 0x%016lx", w[WORD_R12], w[WORD_R13], w[WORD_R14], f->r15);
    log_error("  cr2 0x%016lx  cr3 0x%016lx  cr4 0x%08lx  kernel at 0x%016lx", asm_read_cr2(), asm_read_cr3(), asm_read_cr4(),
              boot_kernel_virtual());
}

[[noreturn]] static void die_of_page_fault(const struct trap_frame *f, uint64_t address)
{
    panic_at(f, "page fault: the kernel %s 0x%016lx (%s)", f->error & 16 ? "executed" : f->error & 2 ? "wrote" : "read", address,
             f->error & 1 ? "not allowed" : "not present");
}

static void kernel_exception(struct trap_frame *f)
{
    const char *reason = f->vector == EXCEPTION_UNDEFINED ? undefined_reason(f->rip) : nullptr;
    if (reason)
        panic_at(f, "undefined behaviour: %s", reason);
    panic_at(f, "%s in the kernel, error code 0x%lx", exception_name(f->vector), f->error);
}

/* From user mode, but not with its rights: an emulator's iretq (user_iret.c), or an instruction that has no business where it reads. */
static void supervisor_access_by_user(struct trap_frame *f)
{
    if (user_iret_finish(f))
        return;
    f->vector = EXCEPTION_PROTECTION;
    f->error = 0;
    trap_exception(f);
}

static void exception(struct trap_frame *f)
{
    if (f->vector == EXCEPTION_PAGE_FAULT) {
        uint64_t address = asm_read_cr2();
        if (!trap_from_user(f) && address >= USER_LIMIT)
            die_of_page_fault(f, address);
        if (trap_from_user(f) && !(f->error & FAULT_BY_USER)) {
            supervisor_access_by_user(f);
            return;
        }
        trap_page_fault(f, address);
    } else if (trap_from_user(f)) {
        trap_exception(f);
    } else {
        kernel_exception(f);
    }
}

static void interrupt(uint32_t vector)
{
    this_cpu()->interrupts++;
    switch (vector) {
    case VECTOR_TIMER:
        lapic_end_of_interrupt();
        trap_timer();
        return;
    case VECTOR_RESCHEDULE:
        lapic_end_of_interrupt();
        trap_reschedule();
        return;
    case VECTOR_SHOOTDOWN:
        lapic_end_of_interrupt();
        shootdown_answer();
        return;
    case VECTOR_SPURIOUS: /* no end of interrupt: SDM 3A 11.9 */
        return;
    default:
        if (vector < VECTOR_DEVICE_FIRST) /* the old controllers are masked; what they still send is noise */
            return;
        vector_quiet(vector);
        lapic_end_of_interrupt();
        trap_device(vector);
    }
}

void trap_common(struct trap_frame *f)
{
    if (cpu_features.smap)
        asm_clac(); /* user mode may have come with AC set, which would open its memory to us */
    if (f->vector < EXCEPTIONS)
        exception(f);
    else
        interrupt((uint32_t)f->vector);
}

/* One NMI reaches all CPUs. Each says where it was, one after the other; then one of them dumps the contexts. */
static void non_maskable(const struct trap_frame *f)
{
    static uint32_t turn, said;
    if (__atomic_load_n(&arch_stopping, __ATOMIC_ACQUIRE))
        arch_halt();
    log_emergency();
    while (__atomic_exchange_n(&turn, 1, __ATOMIC_ACQUIRE))
        arch_pause();
    log_error("cpu %u: rip 0x%lx rsp 0x%lx cs 0x%lx", this_cpu()->number, f->rip, f->rsp, f->cs);
    if (!trap_from_user(f))
        backtrace_log(f->rip, f->rbp);
    uint32_t order = __atomic_add_fetch(&said, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&turn, 0, __ATOMIC_RELEASE);
    if (order % cpu_count == 0)
        trap_dump();
}

void trap_any_state(struct trap_frame *f)
{
    if (f->vector == EXCEPTION_NMI) {
        non_maskable(f);
        return;
    }
    uint64_t address = asm_read_cr2();
    if (f->vector == EXCEPTION_DOUBLE_FAULT && stack_overflowed(f, address))
        panic_at(f, "kernel stack overflow (guard page hit at 0x%016lx)", address);
    panic_at(f, "%s, error code 0x%lx", exception_name(f->vector), f->error);
}
