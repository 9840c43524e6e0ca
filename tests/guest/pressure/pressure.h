/* SPDX-License-Identifier: MIT
 * What the files of `pressure` share: native calls with any registers, chance, and counting what the kernel holds. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "sys/trap.h"
#include "abi/event.h"
#include "abi/file.h"
#include "abi/memory.h"
#include "abi/message.h"
#include "abi/process.h"
#include "abi/status.h"
#include "abi/syscall.h"

#define SYS_SHORTAGE 0x1ffe /* kernel/mm/shortage.h; only the checked flavour knows it */
#define STRUCK (1ull << 62)
#define SELF(what) ((uint64_t)(int64_t)(what))

struct chance { uint64_t state; };
static inline uint64_t next(struct chance *c)
{
    c->state ^= c->state << 13;
    c->state ^= c->state >> 7;
    return c->state ^= c->state << 17;
}
static inline void chance_seed(struct chance *c, uint64_t seed) { c->state = seed * 0x9e3779b97f4a7c15 + 0x7f4a7c15; }
static inline bool one_in(struct chance *c, uint64_t n) { return next(c) % n == 0; }

/* Every register that a native call may read or change. */
struct registers { uint64_t rax, rdi, rsi, rdx, r10, r8, r9, rbx, r12, r13, r14, rbp, r15; };
void trap_all(struct registers *r);

uint64_t now_ns(void);
/* What the kernel holds, once it has stopped changing (some seconds at most). */
struct counts { struct kernel_count kinds[96]; int64_t count; };
void counts_settle(struct counts *out);
/* Prints what grew; ok when no kind grew by more than `slack` things (frames: slack_frames). */
bool counts_compare(const struct counts *before, const struct counts *after, uint64_t slack, uint64_t slack_frames);
void counts_print(const struct counts *c);

int large_pages(void);
int shortage(void);
int random_calls(uint64_t seed, int rounds, int processes, int milliseconds);
int many_processes(int count);
int mixed(uint64_t seed, int seconds);
void report(const char *name, bool holds);
extern int failures;
