/* SPDX-License-Identifier: MIT
 * The only doors to user memory. Addresses are checked, faults are resolved in place (which may sleep: hold no spinlock), and what
 * cannot be resolved is ERR_BAD_ADDRESS. Copy in once, decide on the copy. */
#pragma once
#include "abi/file.h"
#include "abi/memory.h"
#include "abi/status.h"
#include "arch/trap.h"
#include "kernel/core/addresses.h"

struct address_space;

static inline bool user_range_valid(user_addr_t a, uint64_t length)
{
    return length <= USER_LIMIT && a.value <= USER_LIMIT - length;
}

/* Between kernel memory and the current space. On failure a part may have been copied. */
enum status copy_from_user(void *to, user_addr_t from, size_t length);
enum status copy_to_user(user_addr_t to, const void *from, size_t length);
/* The same, but says how many bytes came over before the fault. */
enum status copy_from_user_partial(void *to, user_addr_t from, size_t length, size_t *out_done);
/* Only bytes whose pages are there: false, and some may be copied, at the first that is not. Resolves nothing, never sleeps. */
bool copy_from_user_present(void *to, user_addr_t from, size_t length);
enum status copy_to_user_partial(user_addr_t to, const void *from, size_t length, size_t *out_done);
enum status clear_user(user_addr_t to, size_t length);

enum status get_user_u32(user_addr_t from, uint32_t *out);   /* one aligned load */
enum status get_user_u64(user_addr_t from, uint64_t *out);
enum status put_user_u32(user_addr_t to, uint32_t value);
enum status put_user_u64(user_addr_t to, uint64_t value);
/* Atomic; *out_old is what was there, equal to `expected` when `value` was stored. */
enum status compare_exchange_user_u32(user_addr_t at, uint32_t expected, uint32_t value, uint32_t *out_old);
/* Never faults in, never sleeps: callable under a spinlock; ERR_BAD_ADDRESS when the page is not present right now. */
enum status peek_user_u32(user_addr_t from, uint32_t *out);
/* The same for a compare-and-exchange; the page must be writable right now. */
enum status peek_exchange_user_u32(user_addr_t at, uint32_t expected, uint32_t value, uint32_t *out_old);

/* Another space, through its page tables. *out_copied is set also on failure. Anonymous pages are filled; with `wait` false a page
 * that only a pager can give ends the copy (ERR_WOULD_BLOCK). */
enum status space_copy_out(struct address_space *s, user_addr_t to, const void *from, size_t length, bool wait, size_t *out_copied);
enum status space_copy_in(struct address_space *s, void *to, user_addr_t from, size_t length, bool wait, size_t *out_copied);
/* One copy, straight between the current space and another. */
enum status space_copy_from_current(struct address_space *to_space, user_addr_t to, user_addr_t from, size_t length, bool wait,
                                    size_t *out_copied);
enum status space_copy_to_current(user_addr_t to, struct address_space *from_space, user_addr_t from, size_t length, bool wait,
                                  size_t *out_copied);
/* The same for bytes that lie in one page of to_space which can be written now, and are there: false, and some may be copied, if not so. Resolves
 * nothing, never sleeps. Both ranges are in user space. */
bool space_copy_from_current_present(struct address_space *to_space, user_addr_t to, user_addr_t from, size_t length);
/* Brings in what only a pager can give in [address, address + length) of the current space, up to 1 MiB, before a server sees a
 * request; sleeps. ERR_BAD_ADDRESS when the first byte is not accessible. */
enum status user_range_bring_in(user_addr_t address, size_t length, uint32_t access);

void user_copy_init(void); /* looks whether the CPU has SMAP on */
/* A fault at `address` in kernel mode: true when it was a user copy, which now goes on at its failure exit. */
bool user_copy_fixup(struct trap_frame *f, uint64_t address);

/* A cursor over the user's buffers of one read or write. */
struct user_io {
    const struct io_vector *vectors; /* kernel copy, checked by user_io_init; the first `count` */
    uint32_t count, index;
    uint64_t at;                     /* bytes done of vectors[index] */
    uint64_t left;                   /* bytes to go in all */
    uint64_t file_limit;             /* a file must not reach beyond it; UINT64_MAX: none */
    struct io_vector single;
};
/* ERR_INVALID: the sum overflows; ERR_BAD_ADDRESS: one is outside user space. The array must outlive the cursor. */
enum status user_io_init(struct user_io *io, const struct io_vector *vectors, uint32_t count);
enum status user_io_single(struct user_io *io, user_addr_t address, uint64_t length);
/* Moves `length` <= left bytes and the cursor; *out_done says how far it came, also on failure. */
enum status user_io_put(struct user_io *io, const void *from, size_t length, size_t *out_done);   /* kernel to user */
enum status user_io_take(struct user_io *io, void *to, size_t length, size_t *out_done);          /* user to kernel */
