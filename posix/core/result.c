/* SPDX-License-Identifier: MIT
 * Answers that are not a plain value: failures, calls that do not exist, lines for the system's log. */
#include "base/fmt.h"
#include "posix/core/call.h"
#include "sys/log.h"
#include "sys/syscall.h"

int64_t linux_failure(int64_t status)
{
    /* The way out looks at restarts only when something is pending; the kernel set it, but a wait in between may have cleared it. */
    if (status == ERR_INTERRUPTED)
        thread_set_pending(thread_current());
    return -linux_errno((enum status)status);
}

void posix_log(const char *format, ...)
{
    struct process *p = process_current();
    char line[200];
    int length = (int)fmt(line, sizeof line, "%s[%d]: ", p->name, p->pid);
    va_list arguments;
    va_start(arguments, format);
    length += (int)fmt_v(line + length, sizeof line - (size_t)length, format, arguments);
    va_end(arguments);
    size_t bytes = MIN((size_t)length, sizeof line - 1);
    IGNORE(sys_log_write(p->log, LOG_INFO, (struct view){(const uint8_t *)line, bytes}));
}

LINUX_CALL(unknown, void)
{
    struct thread *t = thread_current();
    uint64_t number = t->number;
    uint64_t slot = MIN(number, 511ull);
    uint64_t bit = 1ull << (slot % 64);
    /* relaxed: two threads may both log; nothing else hangs on it */
    if (!(__atomic_fetch_or(&t->process->logged[slot / 64], bit, __ATOMIC_RELAXED) & bit))
        posix_log("system call %lu is not there", number);
    return -LINUX_ENOSYS;
}
