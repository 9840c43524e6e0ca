/* SPDX-License-Identifier: MIT
 * mmap and what changes a mapping. The kernel keeps the address space; here only Linux's flags and answers are translated. */
#include "base/checked.h"
#include "posix/core/call.h"
#include "posix/linux/memory.h"
#include "sys/syscall.h"

/* Writable memory is readable on this machine, and so is executable memory. */
static uint32_t native_protection(uint64_t protection)
{
    uint32_t native = protection & LINUX_PROT_ALL;
    return native & (PROT_WRITE_ | PROT_EXECUTE_) ? native | PROT_READ_ : native;
}

/* What mmap and mprotect answer where other calls would say EPERM or EBADF. */
static int64_t mapping_failure(enum status status)
{
    switch (status) {
    case ERR_NOT_PERMITTED: return -LINUX_EACCES; /* writable and executable at once */
    case ERR_DENIED: return -LINUX_EACCES;        /* the descriptor was not opened for this */
    case ERR_WRONG_TYPE: case ERR_NOT_SUPPORTED: return -LINUX_ENODEV;
    case ERR_LIMIT: return -LINUX_ENOMEM;
    default: return linux_failure(status);
    }
}

static uint32_t native_flags(uint64_t flags)
{
    uint32_t native = 0;
    if (flags & LINUX_MAP_FIXED_NOREPLACE)
        native |= MAP_NO_REPLACE_;
    else if (flags & LINUX_MAP_FIXED)
        native |= MAP_EXACT_;
    if (flags & LINUX_MAP_SHARED)
        native |= MAP_SHARED_;
    if (flags & (LINUX_MAP_POPULATE | LINUX_MAP_LOCKED))
        native |= MAP_POPULATE_;
    if (flags & LINUX_MAP_GROWSDOWN)
        native |= MAP_GROWS_DOWN_;
    if (flags & LINUX_MAP_32BIT)
        native |= MAP_LOW_;
    return native;
}

static enum status map_shared_anonymous(uint64_t address, uint64_t length, uint32_t flags, uint64_t *out)
{
    handle_t memory;
    TRY(sys_memory_create(length, 0, PLACE_HIGH, &memory));
    enum status status = sys_map(HANDLE_SELF_SPACE, address, length, flags, memory, 0, out);
    IGNORE(sys_handle_close(memory)); /* the mapping keeps the object */
    return status;
}

LINUX_CALL(mmap, uint64_t address, uint64_t length, uint64_t protection, uint64_t flags, uint32_t fd, uint64_t offset)
{
    uint64_t type = flags & LINUX_MAP_TYPE, result;
    bool fixed = flags & (LINUX_MAP_FIXED | LINUX_MAP_FIXED_NOREPLACE);
    if (!length || type == 0 || type > LINUX_MAP_SHARED_VALIDATE || !is_aligned(offset, PAGE_SIZE_BYTES))
        return -LINUX_EINVAL;
    if (fixed && !is_aligned(address, PAGE_SIZE_BYTES))
        return -LINUX_EINVAL;
    if (length > USER_LIMIT)
        return -LINUX_ENOMEM;
    if (flags & LINUX_MAP_HUGETLB)
        return -LINUX_ENOMEM; /* no such pool; large anonymous mappings get large pages by themselves */
    if (fixed && address < USER_LOWEST)
        return -LINUX_EPERM;
    length = align_up(length, PAGE_SIZE_BYTES);
    address = align_down(address, PAGE_SIZE_BYTES);
    uint32_t native = native_flags(flags) | native_protection(protection);
    enum status status;
    if (!(flags & LINUX_MAP_ANONYMOUS)) {
        if (!fd_is_valid(fd))
            return -LINUX_EBADF;
        status = sys_map(HANDLE_SELF_SPACE, address, length, native, (handle_t)fd, offset, &result);
    } else if (native & MAP_SHARED_) {
        status = map_shared_anonymous(address, length, native, &result);
    } else {
        status = sys_map(HANDLE_SELF_SPACE, address, length, native, HANDLE_NONE, 0, &result);
    }
    return status == OK ? (int64_t)result : mapping_failure(status);
}

LINUX_CALL(munmap, uint64_t address, uint64_t length)
{
    if (!length || !is_aligned(address, PAGE_SIZE_BYTES) || !range_fits(address, length, USER_LIMIT))
        return -LINUX_EINVAL;
    return linux_result(sys_unmap(HANDLE_SELF_SPACE, address, align_up(length, PAGE_SIZE_BYTES)));
}

LINUX_CALL(mprotect, uint64_t address, uint64_t length, uint64_t protection)
{
    if (!is_aligned(address, PAGE_SIZE_BYTES))
        return -LINUX_EINVAL;
    if (!length)
        return 0;
    if (!range_fits(address, length, USER_LIMIT))
        return -LINUX_ENOMEM;
    enum status status = sys_protect(HANDLE_SELF_SPACE, address, align_up(length, PAGE_SIZE_BYTES), native_protection(protection));
    if (status == ERR_BAD_ADDRESS || status == ERR_NOT_FOUND)
        return -LINUX_ENOMEM; /* nothing is mapped somewhere in the range */
    return status == OK ? 0 : mapping_failure(status);
}

LINUX_CALL(mremap, uint64_t address, uint64_t old_length, uint64_t new_length, uint64_t flags, uint64_t new_address)
{
    uint64_t result;
    if (!is_aligned(address, PAGE_SIZE_BYTES) || !new_length || flags & ~(uint64_t)(LINUX_MREMAP_MAYMOVE | LINUX_MREMAP_FIXED))
        return -LINUX_EINVAL;
    if (flags & LINUX_MREMAP_FIXED && (!(flags & LINUX_MREMAP_MAYMOVE) || !is_aligned(new_address, PAGE_SIZE_BYTES)))
        return -LINUX_EINVAL;
    if (old_length > USER_LIMIT || new_length > USER_LIMIT)
        return -LINUX_ENOMEM;
    uint32_t native = (flags & LINUX_MREMAP_MAYMOVE ? REMAP_MAY_MOVE : 0u) | (flags & LINUX_MREMAP_FIXED ? REMAP_EXACT : 0u);
    enum status status = sys_remap(HANDLE_SELF_SPACE, address, align_up(old_length, PAGE_SIZE_BYTES),
                                   align_up(new_length, PAGE_SIZE_BYTES), native, new_address, &result);
    if (status == ERR_EXISTS)
        return -LINUX_ENOMEM; /* cannot grow in place */
    return status == OK ? (int64_t)result : mapping_failure(status);
}

/* The break: one anonymous mapping that grows and shrinks by whole pages at its upper end. */
LINUX_CALL(brk, uint64_t wanted)
{
    struct process *p = process_current();
    LOCKED(&p->lock);
    if (wanted < p->brk_start || wanted > USER_LIMIT - PAGE_SIZE_BYTES)
        return (int64_t)p->brk_end;
    uint64_t old_top = align_up(p->brk_end, PAGE_SIZE_BYTES), top = align_up(wanted, PAGE_SIZE_BYTES), at;
    if (top > old_top && sys_map(HANDLE_SELF_SPACE, old_top, top - old_top, MAP_NO_REPLACE_ | PROT_READ_ | PROT_WRITE_, HANDLE_NONE,
                                 0, &at) != OK)
        return (int64_t)p->brk_end;
    if (top < old_top && sys_unmap(HANDLE_SELF_SPACE, top, old_top - top) != OK)
        return (int64_t)p->brk_end;
    p->brk_end = wanted;
    return (int64_t)wanted;
}
