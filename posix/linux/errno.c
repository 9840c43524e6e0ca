/* SPDX-License-Identifier: MIT
 * The only place where a status becomes an errno. A switch, so that the compiler finds a status that was forgotten. */
#include "posix/linux/errno.h"

int32_t linux_errno(enum status status)
{
    switch (status) {
    case OK: return 0;
    case ERR_INVALID: return LINUX_EINVAL;
    case ERR_BAD_HANDLE: return LINUX_EBADF;
    case ERR_WRONG_TYPE: return LINUX_EINVAL;
    case ERR_DENIED: return LINUX_EBADF; /* a descriptor without the right: read of one opened for writing */
    case ERR_EXPIRED: case ERR_REVOKED: return LINUX_EBADF;
    case ERR_NO_MEMORY: return LINUX_ENOMEM;
    case ERR_NO_HANDLES: return LINUX_EMFILE;
    case ERR_LIMIT: return LINUX_EAGAIN;
    case ERR_BAD_ADDRESS: return LINUX_EFAULT;
    case ERR_NOT_FOUND: return LINUX_ENOENT;
    case ERR_EXISTS: return LINUX_EEXIST;
    case ERR_NOT_SUPPORTED: return LINUX_EOPNOTSUPP;
    case ERR_NO_CALL: return LINUX_ENOSYS;
    case ERR_FILTERED: return LINUX_EPERM;
    case ERR_INTERRUPTED: return LINUX_ERESTARTSYS;
    case ERR_CANCELLED: return LINUX_ECANCELED;
    case ERR_TIMED_OUT: return LINUX_ETIMEDOUT;
    case ERR_WOULD_BLOCK: return LINUX_EAGAIN;
    case ERR_PEER_GONE: return LINUX_EIO;
    case ERR_BUSY: return LINUX_EBUSY;
    case ERR_NOT_DIRECTORY: return LINUX_ENOTDIR;
    case ERR_IS_DIRECTORY: return LINUX_EISDIR;
    case ERR_NOT_EMPTY: return LINUX_ENOTEMPTY;
    case ERR_NAME_TOO_LONG: return LINUX_ENAMETOOLONG;
    case ERR_TOO_BIG: return LINUX_E2BIG;
    case ERR_NO_SPACE: return LINUX_ENOSPC;
    case ERR_IO: return LINUX_EIO;
    case ERR_READ_ONLY: return LINUX_EROFS;
    case ERR_BROKEN_PIPE: return LINUX_EPIPE;
    case ERR_OUT_OF_RANGE: return LINUX_EINVAL;
    case ERR_CROSS_DEVICE: return LINUX_EXDEV;
    case ERR_LOOP: return LINUX_ELOOP;
    case ERR_NOT_SEEKABLE: return LINUX_ESPIPE;
    case ERR_NOT_TERMINAL: return LINUX_ENOTTY;
    case ERR_BAD_SEQUENCE: return LINUX_EILSEQ;
    case ERR_NO_PROCESS: return LINUX_ESRCH;
    case ERR_NO_CHILD: return LINUX_ECHILD;
    case ERR_CORRUPT: return LINUX_EUCLEAN;
    case ERR_BAD_FORMAT: return LINUX_ENOEXEC;
    case ERR_PROTOCOL: return LINUX_EPROTO;
    case ERR_FILE_TOO_BIG: return LINUX_EFBIG;
    case ERR_TOO_MANY_LINKS: return LINUX_EMLINK;
    case ERR_NOT_PERMITTED: return LINUX_EPERM;
    case ERR_NO_ACCESS: return LINUX_EACCES;
    case ERR_NO_DEVICE: return LINUX_ENODEV;
    case ERR_TRUNCATED: return LINUX_EIO;
    case ERR_NOT_CONNECTED: return LINUX_ENOTCONN;
    case ERR_REFUSED: return LINUX_ECONNREFUSED;
    }
    return LINUX_EIO; /* a number that this list does not know yet */
}
