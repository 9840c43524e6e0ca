/* SPDX-License-Identifier: MIT
 * How the kernel ends. The first CPU that comes here reports; the others stop; a panic inside the report ends at once. */
#include "kernel/core/panic.h"
#include "arch/machine.h"
#include "arch/trap.h"
#include "base/fmt.h"
#include "kernel/core/cpu.h"
#include "kernel/core/log.h"
#include "kernel/core/symbols.h"

static uint32_t panics;

__attribute__((format(printf, 1, 0))) static void begin(const char *format, va_list arguments)
{
    uint32_t earlier = __atomic_fetch_add(&panics, 1, __ATOMIC_ACQ_REL);
    if (earlier) {
        if (earlier == 1 && cpu_count <= 1)
            log_error("PANIC: another panic during the report");
        arch_halt();
    }
    log_emergency();
    arch_send_stop_all();
    char message[256];
    fmt_v(message, sizeof message, format, arguments);
    log_error("PANIC: cpu %u: %s", this_cpu()->number, message);
}

[[noreturn]] static void finish(void)
{
    trap_dump();
    arch_status_write("panic\n");
    log_error("== end of panic ==");
    arch_halt();
}

void panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    begin(format, arguments);
    va_end(arguments);
    backtrace_log(0, (uint64_t)__builtin_frame_address(0));
    finish();
}

void panic_at(const struct trap_frame *f, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    begin(format, arguments);
    va_end(arguments);
    arch_frame_print(f);
    backtrace_log(f->rip, f->rbp);
    finish();
}

/* The compiler's: a function found its canary changed. */
[[noreturn]] void __stack_chk_fail(void);
void __stack_chk_fail(void) { panic("a function wrote beyond its stack frame"); }
