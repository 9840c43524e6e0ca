/* SPDX-License-Identifier: MIT
 * syslog(2): the kernel's log, which each process may read through the handle that it was given. Reading never takes anything away. */
#include "posix/core/call.h"
#include "sys/syscall.h"

enum : uint32_t { SYSLOG_READ_ALL = 3, SYSLOG_UNREAD = 9, SYSLOG_SIZE = 10 };
#define LOG_BYTES 262144 /* room for all that the kernel keeps */

LINUX_CALL(syslog, uint32_t action, uint64_t to, int32_t length)
{
    switch (action) {
    case SYSLOG_READ_ALL:
        if (!to || length < 0)
            return -LINUX_EINVAL;
        return linux_result(sys_read(process_current()->log, (void *)to, (uint64_t)length, 0));
    case SYSLOG_SIZE:
        return LOG_BYTES;
    case SYSLOG_UNREAD:
        return 0;
    default:
        return -LINUX_EPERM;
    }
}
