/* SPDX-License-Identifier: MIT
 * Advice about mappings, and bringing them to where they belong. There is no swap: what is present stays until it is unmapped,
 * so locking a range is making it present. */
#include "base/checked.h"
#include "posix/core/call.h"
#include "posix/linux/memory.h"
#include "posix/process/limit.h"
#include "protocol/vfs.h"
#include "sys/syscall.h"

/* Native advice, 0: nothing to do, negative: not an advice. */
static int32_t native_advice(uint32_t advice)
{
    switch (advice) {
    case LINUX_MADV_DONTNEED: case LINUX_MADV_FREE: return ADVISE_DISCARD;
    case LINUX_MADV_WILLNEED: case LINUX_MADV_POPULATE_READ: return ADVISE_WILL_NEED;
    case LINUX_MADV_DONTFORK: return ADVISE_NO_CLONE;
    case LINUX_MADV_DOFORK: return ADVISE_CLONE;
    case LINUX_MADV_WIPEONFORK: return ADVISE_CLEAR_ON_CLONE;
    case LINUX_MADV_KEEPONFORK: return ADVISE_KEEP_ON_CLONE;
    case LINUX_MADV_POPULATE_WRITE: return ADVISE_POPULATE_WRITE;
    case LINUX_MADV_NORMAL: case LINUX_MADV_RANDOM: case LINUX_MADV_SEQUENTIAL: case LINUX_MADV_MERGEABLE:
    case LINUX_MADV_UNMERGEABLE: case LINUX_MADV_HUGEPAGE: case LINUX_MADV_NOHUGEPAGE: case LINUX_MADV_DONTDUMP:
    case LINUX_MADV_DODUMP: case LINUX_MADV_COLD: case LINUX_MADV_PAGEOUT:
        return 0;
    default:
        return -1;
    }
}

static int64_t advise(uint64_t address, uint64_t length, uint32_t advice)
{
    if (!is_aligned(address, PAGE_SIZE_BYTES) || !range_fits(address, length, USER_LIMIT))
        return -LINUX_EINVAL;
    if (!length)
        return 0;
    enum status status = sys_advise(HANDLE_SELF_SPACE, address, align_up(length, PAGE_SIZE_BYTES), advice);
    return status == ERR_BAD_ADDRESS || status == ERR_NOT_FOUND ? -LINUX_ENOMEM : linux_result(status);
}

LINUX_CALL(madvise, uint64_t address, uint64_t length, uint32_t advice)
{
    int32_t native = native_advice(advice);
    if (native < 0)
        return -LINUX_EINVAL;
    return native ? advise(address, length, (uint32_t)native) : 0;
}

/* What is locked is not counted, so the limit is on one call. */
static int64_t make_present(uint64_t address, uint64_t length)
{
    uint64_t limit = process_current()->entry->euid ? limit_current(LINUX_RLIMIT_MEMLOCK) : LINUX_RLIM_INFINITY;
    if (length > limit)
        return limit ? -LINUX_ENOMEM : -LINUX_EPERM;
    uint64_t start = align_down(address, PAGE_SIZE_BYTES);
    return advise(start, address + length - start, ADVISE_WILL_NEED);
}
LINUX_CALL(mlock, uint64_t address, uint64_t length) { return make_present(address, length); }
LINUX_CALL(mlock2, uint64_t address, uint64_t length, uint32_t flags)
{
    if (flags & ~1u)
        return -LINUX_EINVAL;
    return flags ? 0 : make_present(address, length); /* 1: MLOCK_ONFAULT */
}
LINUX_CALL(munlock, void) { return 0; }
LINUX_CALL(mlockall, void) { return 0; }
LINUX_CALL(munlockall, void) { return 0; }

/* A mapping does not know which stream it came from, so a synchronous msync writes back everything. */
LINUX_CALL(msync, uint64_t address, uint64_t length, uint32_t flags)
{
    struct mapping_info info;
    if (!is_aligned(address, PAGE_SIZE_BYTES) || flags & ~7u || (flags & LINUX_MS_ASYNC && flags & LINUX_MS_SYNC))
        return -LINUX_EINVAL;
    if (!length)
        return 0;
    if (sys_space_query(HANDLE_SELF_SPACE, address, &info) != OK || info.start > address)
        return -LINUX_ENOMEM;
    if (!(flags & LINUX_MS_SYNC) || !(info.flags & MAP_SHARED_) || !info.object_id)
        return 0;
    return linux_result(vfs_sync(process_current()->view, &(struct vfs_sync_in){}, nullptr));
}
