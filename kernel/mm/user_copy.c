/* SPDX-License-Identifier: MIT
 * Copies to and from user memory. The raw copies (usercopy.S) stop at a fault and say where; here the fault is resolved in the
 * context's own time, holding nothing, and the copy goes on. */
#include "kernel/mm/user_copy.h"
#include "arch/mmu.h"
#include "base/try.h"
#include "kernel/core/cpu.h"
#include "kernel/core/panic.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/frame.h"
#include "kernel/mm/shadow.h"

struct raw_result { uint64_t left, address; };
struct raw_result user_copy_raw(void *to, const void *from, size_t length);
struct raw_result user_zero_raw(void *to, size_t length);
bool user_load32_raw(const uint32_t *from, uint32_t *out);
bool user_load64_raw(const uint64_t *from, uint64_t *out);
bool user_store32_raw(uint32_t *to, uint32_t value);
bool user_store64_raw(uint64_t *to, uint64_t value);
bool user_exchange32_raw(uint32_t *at, uint32_t expected, uint32_t value, uint32_t *out_old);

struct exit_entry { int32_t instruction, landing; }; /* each relative to itself */
extern const struct exit_entry user_copy_exits[], user_copy_exits_end[];
bool user_copy_smap; /* read by usercopy.S; set once */

void user_copy_init(void) { user_copy_smap = mmu_guards_user_memory(); }

bool user_copy_fixup(struct trap_frame *f, uint64_t address)
{
    for (const struct exit_entry *e = user_copy_exits; e < user_copy_exits_end; e++) {
        if (f->rip != (uint64_t)&e->instruction + (uint64_t)(int64_t)e->instruction)
            continue;
        f->rip = (uint64_t)&e->landing + (uint64_t)(int64_t)e->landing;
        f->words[WORD_RDX] = address;
        return true;
    }
    return false;
}

/* Whatever a page cannot be had for, to the caller of a copy its address is bad; but waiting, dying and want of memory stay. */
static enum status bad_address(enum status status)
{
    bool passes = status == OK || status == ERR_WOULD_BLOCK || status == ERR_INTERRUPTED || status == ERR_NO_MEMORY;
    return passes ? status : status == ERR_LIMIT ? ERR_NO_MEMORY : ERR_BAD_ADDRESS;
}

static enum status bring_in(uint64_t address, uint32_t access)
{
    struct address_space *s = this_cpu()->space;
    if (!s || address >= USER_LIMIT)
        return ERR_BAD_ADDRESS;
    return bad_address(space_fault(s, address, access));
}

static enum status copy_on(char *to, const char *from, size_t length, const char *user_side, uint32_t access, size_t *out_done)
{
    size_t done = 0;
    shadow_check(to == user_side ? from : to, length);
    while (done < length) {
        struct raw_result r = user_copy_raw(to + done, from + done, length - done);
        done = length - r.left;
        if (likely(!r.left))
            break;
        enum status status = r.address - (uint64_t)user_side < length ? bring_in(r.address, access) : ERR_BAD_ADDRESS;
        if (status != OK) {
            *out_done = done;
            return status;
        }
    }
    *out_done = done;
    return OK;
}

bool copy_from_user_present(void *to, user_addr_t from, size_t length)
{
    return user_range_valid(from, length) && !user_copy_raw(to, (const void *)from.value, length).left;
}

enum status copy_from_user_partial(void *to, user_addr_t from, size_t length, size_t *out_done)
{
    *out_done = 0;
    if (!user_range_valid(from, length))
        return ERR_BAD_ADDRESS;
    const char *user_side = (const char *)from.value;
    return copy_on(to, user_side, length, user_side, PROT_READ_, out_done);
}

enum status copy_to_user_partial(user_addr_t to, const void *from, size_t length, size_t *out_done)
{
    *out_done = 0;
    if (!user_range_valid(to, length))
        return ERR_BAD_ADDRESS;
    char *user_side = (char *)to.value;
    return copy_on(user_side, from, length, user_side, PROT_WRITE_, out_done);
}

enum status copy_from_user(void *to, user_addr_t from, size_t length)
{
    size_t done;
    return copy_from_user_partial(to, from, length, &done);
}

enum status copy_to_user(user_addr_t to, const void *from, size_t length)
{
    size_t done;
    return copy_to_user_partial(to, from, length, &done);
}

enum status clear_user(user_addr_t to, size_t length)
{
    if (!user_range_valid(to, length))
        return ERR_BAD_ADDRESS;
    while (length) {
        struct raw_result r = user_zero_raw((void *)to.value, length);
        to = user_add(to, length - r.left);
        length = r.left;
        if (length)
            TRY(bring_in(r.address, PROT_WRITE_));
    }
    return OK;
}

/* Word accesses do not cross pages: misaligned ones are refused. */
#define WORD_ACCESS(address, bytes, access, raw)                                                \
    do {                                                                                        \
        if (!user_range_valid((address), (bytes)) || !is_aligned((address).value, (bytes)))     \
            return ERR_BAD_ADDRESS;                                                             \
        while (unlikely(!(raw)))                                                                \
            TRY(bring_in((address).value, (access)));                                           \
        return OK;                                                                              \
    } while (0)

enum status get_user_u32(user_addr_t from, uint32_t *out)
{
    WORD_ACCESS(from, 4, PROT_READ_, user_load32_raw((const uint32_t *)from.value, out));
}
enum status get_user_u64(user_addr_t from, uint64_t *out)
{
    WORD_ACCESS(from, 8, PROT_READ_, user_load64_raw((const uint64_t *)from.value, out));
}
enum status put_user_u32(user_addr_t to, uint32_t value)
{
    WORD_ACCESS(to, 4, PROT_WRITE_, user_store32_raw((uint32_t *)to.value, value));
}
enum status put_user_u64(user_addr_t to, uint64_t value)
{
    WORD_ACCESS(to, 8, PROT_WRITE_, user_store64_raw((uint64_t *)to.value, value));
}
enum status compare_exchange_user_u32(user_addr_t at, uint32_t expected, uint32_t value, uint32_t *out_old)
{
    WORD_ACCESS(at, 4, PROT_WRITE_, user_exchange32_raw((uint32_t *)at.value, expected, value, out_old));
}

enum status peek_user_u32(user_addr_t from, uint32_t *out)
{
    if (!user_range_valid(from, 4) || !is_aligned(from.value, 4))
        return ERR_BAD_ADDRESS;
    return user_load32_raw((const uint32_t *)from.value, out) ? OK : ERR_BAD_ADDRESS;
}

enum status peek_exchange_user_u32(user_addr_t at, uint32_t expected, uint32_t value, uint32_t *out_old)
{
    if (!user_range_valid(at, 4) || !is_aligned(at.value, 4))
        return ERR_BAD_ADDRESS;
    return user_exchange32_raw((uint32_t *)at.value, expected, value, out_old) ? OK : ERR_BAD_ADDRESS;
}

enum status user_range_bring_in(user_addr_t address, size_t length, uint32_t access)
{
    if (!user_range_valid(address, length))
        return ERR_BAD_ADDRESS;
    uint64_t end = address.value + MIN(length, 1u << 20);
    for (uint64_t at = align_down(address.value, PAGE_BYTES); at < end; at += PAGE_BYTES) {
        phys_addr_t page;
        if (space_page_present(this_cpu()->space, at, access, &page))
            continue;
        enum status status = bring_in(at, access);
        if (status != OK)
            return at <= address.value ? status : OK;
    }
    return OK;
}

/* A page of a space with a reference, ready for `access`. */
static enum status page_pin(struct address_space *s, uint64_t address, uint32_t access, bool wait, phys_addr_t *out)
{
    for (;;) {
        if (space_page_pin(s, address, access, out))
            return OK;
        TRY(bad_address(space_fault(s, address, access | (wait ? 0u : FAULT_NO_WAIT))));
    }
}

static size_t page_rest(uint64_t address, size_t length) { return MIN(length, PAGE_BYTES - (address & (PAGE_BYTES - 1))); }

enum other_side { FROM_KERNEL, TO_KERNEL, FROM_CURRENT, TO_CURRENT };

/* One page's worth between the pinned page's bytes and the near side, which is kernel memory or the current space. */
static enum status near_copy(enum other_side side, char *page, uint64_t near, size_t length, size_t *out_done)
{
    *out_done = length;
    switch (side) {
    case FROM_KERNEL:
        __builtin_memcpy(page, (const void *)near, length);
        return OK;
    case TO_KERNEL:
        __builtin_memcpy((void *)near, page, length);
        return OK;
    case FROM_CURRENT:
        return copy_from_user_partial(page, user(near), length, out_done);
    case TO_CURRENT:
        return copy_to_user_partial(user(near), page, length, out_done);
    }
    return ERR_INVALID;
}

static enum status space_copy(struct address_space *s, uint64_t far, enum other_side side, uint64_t near, size_t length, bool wait,
                              size_t *out_copied)
{
    *out_copied = 0;
    if (!user_range_valid(user(far), length))
        return ERR_BAD_ADDRESS;
    uint32_t access = side == FROM_KERNEL || side == FROM_CURRENT ? PROT_WRITE_ : PROT_READ_;
    while (*out_copied < length) {
        uint64_t at = far + *out_copied;
        phys_addr_t page;
        size_t part = page_rest(at, length - *out_copied), done;
        TRY(page_pin(s, at, access, wait, &page));
        enum status status = near_copy(side, (char *)phys_to_virt(page) + (at & (PAGE_BYTES - 1)), near + *out_copied, part, &done);
        space_page_unpin(page);
        *out_copied += done;
        TRY(status);
    }
    return OK;
}

enum status space_copy_out(struct address_space *s, user_addr_t to, const void *from, size_t length, bool wait, size_t *out_copied)
{
    return space_copy(s, to.value, FROM_KERNEL, (uint64_t)from, length, wait, out_copied);
}
enum status space_copy_in(struct address_space *s, void *to, user_addr_t from, size_t length, bool wait, size_t *out_copied)
{
    return space_copy(s, from.value, TO_KERNEL, (uint64_t)to, length, wait, out_copied);
}
enum status space_copy_from_current(struct address_space *to_space, user_addr_t to, user_addr_t from, size_t length, bool wait,
                                    size_t *out_copied)
{
    return space_copy(to_space, to.value, FROM_CURRENT, from.value, length, wait, out_copied);
}
enum status space_copy_to_current(user_addr_t to, struct address_space *from_space, user_addr_t from, size_t length, bool wait,
                                  size_t *out_copied)
{
    return space_copy(from_space, from.value, TO_CURRENT, to.value, length, wait, out_copied);
}

bool space_copy_from_current_present(struct address_space *to_space, user_addr_t to, user_addr_t from, size_t length)
{
    uint64_t inside = to.value & (PAGE_BYTES - 1);
    phys_addr_t page;
    if (inside + length > PAGE_BYTES || !space_page_pin(to_space, to.value, PROT_WRITE_, &page))
        return false;
    struct raw_result r = user_copy_raw((char *)phys_to_virt(page) + inside, (const void *)from.value, length);
    space_page_unpin(page);
    return !r.left;
}

enum status user_io_single(struct user_io *io, user_addr_t address, uint64_t length)
{
    if (!user_range_valid(address, length))
        return ERR_BAD_ADDRESS;
    io->single = (struct io_vector){address.value, length};
    io->vectors = &io->single;
    io->count = 1;
    io->index = 0;
    io->at = 0;
    io->left = length;
    io->file_limit = UINT64_MAX;
    return OK;
}

enum status user_io_init(struct user_io *io, const struct io_vector *vectors, uint32_t count)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!user_range_valid(user(vectors[i].address), vectors[i].length))
            return ERR_BAD_ADDRESS;
        sum += vectors[i].length;
        if (sum > INT64_MAX)
            return ERR_INVALID;
    }
    *io = (struct user_io){.vectors = vectors, .count = count, .left = sum, .file_limit = UINT64_MAX};
    return OK;
}

static enum status io_move_slow(struct user_io *io, char *kernel, size_t length, bool to_user, size_t *out_done)
{
    *out_done = 0;
    while (*out_done < length) {
        const struct io_vector *v = &io->vectors[io->index];
        size_t part = MIN(length - *out_done, v->length - io->at), done;
        user_addr_t at = user(v->address + io->at);
        enum status status = to_user ? copy_to_user_partial(at, kernel + *out_done, part, &done)
                                     : copy_from_user_partial(kernel + *out_done, at, part, &done);
        *out_done += done;
        io->at += done;
        io->left -= done;
        TRY(status);
        if (io->at == v->length && io->index + 1 < io->count) {
            io->index++;
            io->at = 0;
        }
    }
    return OK;
}

/* The usual case first: all within one vector (whose range user_io_init checked), and nothing faults. */
static inline enum status io_move(struct user_io *io, char *kernel, size_t length, bool to_user, size_t *out_done)
{
    DEBUG_ASSERT(length <= io->left);
    const struct io_vector *v = &io->vectors[io->index];
    if (unlikely(v->length - io->at < length))
        return io_move_slow(io, kernel, length, to_user, out_done);
    char *at = (char *)(v->address + io->at);
    struct raw_result r = user_copy_raw(to_user ? at : kernel, to_user ? kernel : at, length);
    size_t done = length - r.left;
    io->at += done;
    io->left -= done;
    *out_done = done;
    if (likely(!r.left))
        return OK;
    enum status status = io_move_slow(io, kernel + done, r.left, to_user, out_done);
    *out_done += done;
    return status;
}

enum status user_io_put(struct user_io *io, const void *from, size_t length, size_t *out_done)
{
    return io_move(io, (char *)(uint64_t)from, length, true, out_done);
}

enum status user_io_take(struct user_io *io, void *to, size_t length, size_t *out_done)
{
    return io_move(io, to, length, false, out_done);
}
