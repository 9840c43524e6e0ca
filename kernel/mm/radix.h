/* SPDX-License-Identifier: MIT
 * Page number -> 64-bit entry (0: nothing), as a tree of 64-way nodes that is as high as its largest key needs. The owner's lock
 * guards it. Empty nodes are freed at once. */
#pragma once
#include "abi/status.h"
#include "base/types.h"

struct radix_node;
struct radix {
    struct radix_node *root;
    uint32_t levels;             /* 0: empty; keys below 64^levels fit */
    uint64_t count;              /* entries that are not 0 */
};

static inline void radix_init(struct radix *r) { *r = (struct radix){0}; }
uint64_t radix_get(const struct radix *r, uint64_t key);
/* The place of an existing entry, to change it to another one that is not 0; null: none. */
uint64_t *radix_find(const struct radix *r, uint64_t key);
enum status radix_set(struct radix *r, uint64_t key, uint64_t entry); /* entry is not 0; only an insertion can fail */
uint64_t radix_remove(struct radix *r, uint64_t key);                 /* what was there */
/* The entries of `key` and those after it up to the next multiple of RADIX_RUN keys, as an array to read (0: nothing); null: all are 0. */
#define RADIX_RUN 64u
const uint64_t *radix_run(const struct radix *r, uint64_t key);
/* First key >= `from` with an entry; false: none. */
bool radix_next(const struct radix *r, uint64_t from, uint64_t *out_key, uint64_t *out_entry);
