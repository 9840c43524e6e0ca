/* SPDX-License-Identifier: MIT
 * The few words that every file needs. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(pointer, type, member) ((type *)(void *)((char *)(pointer) - offsetof(type, member)))
#define likely(c) __builtin_expect(!!(c), 1)
#define unlikely(c) __builtin_expect(!!(c), 0)
/* A function off the usual way: it keeps its caller's registers, so that the usual way need not save any for its sake. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define OFF_THE_WAY __attribute__((cold, noinline, preserve_most))

#define MIN(a, b) ({ __auto_type min_a_ = (a); __auto_type min_b_ = (b); min_a_ < min_b_ ? min_a_ : min_b_; })
#define MAX(a, b) ({ __auto_type max_a_ = (a); __auto_type max_b_ = (b); max_a_ > max_b_ ? max_a_ : max_b_; })

/* `alignment` is a power of two; align_up's caller knows that the sum does not wrap. */
static inline uint64_t align_down(uint64_t value, uint64_t alignment) { return value & ~(alignment - 1); }
static inline uint64_t align_up(uint64_t value, uint64_t alignment) { return (value + alignment - 1) & ~(alignment - 1); }
static inline bool is_aligned(uint64_t value, uint64_t alignment) { return (value & (alignment - 1)) == 0; }
static inline bool is_power_of_two(uint64_t value) { return value && !(value & (value - 1)); }
