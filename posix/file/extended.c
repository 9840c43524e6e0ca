/* SPDX-License-Identifier: MIT
 * Extended attributes: no filesystem here stores any, and each call says so in the way that programs expect of such a filesystem. */
#include "posix/core/call.h"

#define ABSENT(name) LINUX_CALL(name, void) { return -LINUX_EOPNOTSUPP; }
ABSENT(setxattr)
ABSENT(lsetxattr)
ABSENT(fsetxattr)
ABSENT(getxattr)
ABSENT(lgetxattr)
ABSENT(fgetxattr)
ABSENT(listxattr)
ABSENT(llistxattr)
ABSENT(flistxattr)
ABSENT(removexattr)
ABSENT(lremovexattr)
ABSENT(fremovexattr)
