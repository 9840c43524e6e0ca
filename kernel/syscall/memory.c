/* SPDX-License-Identifier: MIT
 * Memory: objects, address spaces, mappings. */
#include "kernel/mm/address_space.h"
#include "base/checked.h"
#include "kernel/mm/user_copy.h"
#include "kernel/object/io.h"
#include "kernel/object/memory_object.h"
#include "kernel/object/stream.h"
#include "kernel/syscall/syscall.h"

#define MAP_FLAGS_ALLOWED                                                                                                    \
    (PROT_MASK_ | MAP_EXACT_ | MAP_NO_REPLACE_ | MAP_SHARED_ | MAP_WIRED_ | MAP_POPULATE_ | MAP_NO_CLONE_ | MAP_GROWS_DOWN_ |   \
     MAP_UNCACHED_ | MAP_LOW_ | MAP_CLEAR_ON_CLONE_)

static struct address_space *space_of(struct object *o) { return container_of(o, struct address_space, object); }

int64_t sys_memory_create(struct trap_frame *f)
{
    uint64_t size = ARG0(f), flags = ARG1(f);
    if (!size || size > USER_LIMIT || flags & ~(uint64_t)(MEMORY_WIRED | MEMORY_CONTIGUOUS | MEMORY_BELOW_4G))
        return ERR_INVALID;
    struct memory_object *m;
    TRY_CALL(memory_create(align_up(size, PAGE_BYTES), (uint32_t)flags, &m));
    return install_new(memory_as_object(m), RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_GRANT, ARG2(f));
}

/* What the handle's rights allow: a private mapping may be written though its object may not. */
static uint32_t most_protection(uint32_t rights, uint64_t flags)
{
    uint32_t most = 0;
    if (rights & RIGHT_READ)
        most |= PROT_READ_ | PROT_EXECUTE_;
    if (rights & RIGHT_WRITE || !(flags & MAP_SHARED_))
        most |= PROT_WRITE_;
    return most;
}

static int64_t map_object(struct address_space *space, struct trap_frame *f)
{
    struct handle_view v;
    TRY_CALL(handle_get_view(caller_handles(), (handle_t)ARG4(f), &v));
    uint64_t address;
    uint32_t most = most_protection(v.rights, ARG3(f));
    enum status status = io_mappable(v.object) || v.object->type->kind == OBJECT_MEMORY ? OK : ERR_WRONG_TYPE;
    if (status == OK && (ARG3(f) & PROT_MASK_) & ~(uint64_t)most)
        status = ERR_DENIED;
    if (status == OK)
        status = space_map(space, ARG1(f), ARG2(f), (uint32_t)ARG3(f), v.object, ARG5(f), most, &address);
    handle_view_put(&v);
    return status == OK ? (int64_t)address : status;
}

int64_t sys_map(struct trap_frame *f, struct object *o)
{
    if (ARG3(f) & ~(uint64_t)MAP_FLAGS_ALLOWED)
        return ERR_INVALID;
    if ((ARG3(f) & (PROT_WRITE_ | PROT_EXECUTE_)) == (PROT_WRITE_ | PROT_EXECUTE_))
        return ERR_NOT_PERMITTED;
    if ((handle_t)ARG4(f) != HANDLE_NONE)
        return map_object(space_of(o), f);
    uint64_t address;
    TRY_CALL(space_map(space_of(o), ARG1(f), ARG2(f), (uint32_t)ARG3(f), nullptr, 0, PROT_MASK_, &address));
    return (int64_t)address;
}

int64_t sys_unmap(struct trap_frame *f, struct object *o) { return space_unmap(space_of(o), ARG1(f), ARG2(f)); }

int64_t sys_protect(struct trap_frame *f, struct object *o)
{
    if (ARG3(f) & ~(uint64_t)PROT_MASK_)
        return ERR_INVALID;
    if ((ARG3(f) & (PROT_WRITE_ | PROT_EXECUTE_)) == (PROT_WRITE_ | PROT_EXECUTE_))
        return ERR_NOT_PERMITTED;
    return space_protect(space_of(o), ARG1(f), ARG2(f), (uint32_t)ARG3(f));
}

int64_t sys_advise(struct trap_frame *f, struct object *o) { return space_advise(space_of(o), ARG1(f), ARG2(f), (uint32_t)ARG3(f)); }

int64_t sys_remap(struct trap_frame *f, struct object *o)
{
    uint64_t address;
    TRY_CALL(space_remap(space_of(o), ARG1(f), ARG2(f), ARG3(f), (uint32_t)ARG4(f), ARG5(f), &address));
    return (int64_t)address;
}

int64_t sys_space_create(struct trap_frame *f)
{
    struct address_space *space;
    TRY_CALL(space_create(&space));
    return install_new(&space->object, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, ARG0(f));
}

int64_t sys_space_read(struct trap_frame *f, struct object *o)
{
    size_t done = 0;
    if (!user_range_valid(user(ARG1(f)), ARG3(f)) || !user_range_valid(user(ARG2(f)), ARG3(f)))
        return ERR_BAD_ADDRESS;
    enum status status = space_copy_to_current(user(ARG2(f)), space_of(o), user(ARG1(f)), ARG3(f), true, &done);
    return done ? (int64_t)done : status;
}

int64_t sys_space_write(struct trap_frame *f, struct object *o)
{
    size_t done = 0;
    if (!user_range_valid(user(ARG1(f)), ARG3(f)) || !user_range_valid(user(ARG2(f)), ARG3(f)))
        return ERR_BAD_ADDRESS;
    enum status status = space_copy_from_current(space_of(o), user(ARG1(f)), user(ARG2(f)), ARG3(f), true, &done);
    return done ? (int64_t)done : status;
}

int64_t sys_space_query(struct trap_frame *f, struct object *o)
{
    struct mapping_info info;
    TRY_CALL(space_query(space_of(o), ARG1(f), &info));
    return copy_to_user(user(ARG2(f)), &info, sizeof info);
}
