/* SPDX-License-Identifier: MIT
 * What reading alone can say about a volume's health: every checksum, every record expanded, every block referenced once and not free,
 * link counts, names in the places where they are looked for, the allocation log. Changes nothing. */
#pragma once
#include "redoxfs/redoxfs.h"

struct redoxfs_problem {
    const char *what;
    uint32_t node;          /* 0: of no node */
    uint64_t number;        /* the block, count or id that is wrong */
    enum status status;     /* where a read failed */
};

struct redoxfs_check {
    struct redoxfs *fs;
    /* one element for each block of the volume, all zero; the caller's memory */
    uint8_t *state;
    uint32_t *names;        /* of the node in that block: directory entries, and the root's own */
    void (*report)(void *context, const struct redoxfs_problem *problem);
    void *context;
    void (*progress)(const struct redoxfs_check *check); /* called now and then with what is known so far; null: nobody waits */
    /* results */
    uint64_t problems, nodes, directories, used_blocks, free_blocks, leaked_blocks; /* leaked: neither free nor reachable; harmless */
    uint64_t steps;
};
/* A disk's own refusal ends the check; damage is a problem, and the check goes on. */
enum status redoxfs_check(struct redoxfs_check *check);
