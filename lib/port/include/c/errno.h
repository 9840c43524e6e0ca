/* SPDX-License-Identifier: MIT
 * Foreign libraries set it; nobody reads it. */
#pragma once
extern int port_errno;
#define errno port_errno
#define EINVAL 22
#define ERANGE 34
#define ENOMEM 12
#define ENOSYS 38
#define EFBIG 27
