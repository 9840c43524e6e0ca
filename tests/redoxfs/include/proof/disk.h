/* SPDX-License-Identifier: MIT
 * A disk in memory that can remember the order of what was written, and fail. */
#pragma once
#include "redoxfs/check.h"
#include "redoxfs/write.h"

/* One block written, or (data null) a flush. */
struct disk_event { uint64_t block; uint8_t *data; };

struct proof_disk {
    uint8_t (*blocks)[REDOXFS_BLOCK_BYTES];
    uint64_t count;
    bool records;
    struct disk_event *events;
    size_t event_count, event_capacity;
    /* the next request but `fail_after` of this kind fails, and `fails_on` of them in all; 0 of kind: none */
    enum proof_request : uint8_t { REQUEST_NONE, REQUEST_READ, REQUEST_WRITE, REQUEST_FLUSH } fail_kind;
    uint64_t fail_after, fail_count, requests[4];
};

void proof_disk_init(struct proof_disk *d, uint64_t blocks);
void proof_disk_fini(struct proof_disk *d);
void proof_disk_forget(struct proof_disk *d); /* the events */
struct redoxfs_disk proof_disk_of(struct proof_disk *d);
struct redoxfs_write_options proof_options(void);
extern uint64_t proof_memory_in_use;
extern bool proof_compresses;           /* what proof_options asks for */

/* Makes an empty volume; ends the program when it cannot. */
void proof_format(struct proof_disk *d, uint64_t base);
/* Says what is wrong, and ends the program: a proof has nothing to say after that. */
[[noreturn, gnu::format(printf, 1, 2)]] void proof_failed(const char *format, ...);
#define MUST(expression)                                                                            \
    do {                                                                                            \
        enum status must_ = (expression);                                                           \
        if (must_ != OK)                                                                            \
            proof_failed("%s:%d: %s answered %d", __FILE__, __LINE__, #expression, (int)must_);     \
    } while (0)

/* The check of a volume that is open; answers the problems, leaked blocks among them, and prints them when `why` is not null. */
uint64_t proof_check(struct redoxfs *fs, const char *why);

struct proof_random { uint64_t state; };
uint64_t proof_next(struct proof_random *r);
static inline uint64_t proof_below(struct proof_random *r, uint64_t limit) { return proof_next(r) % limit; }
