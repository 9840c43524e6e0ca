/* SPDX-License-Identifier: MIT
 * Atomic operations on plain words, named by their order. Each use says in a comment what it orders with what.
 * Macros, so that they take any integer or pointer type. */
#pragma once
#include "base/types.h"

#define atomic_load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_store_relaxed(p, value) __atomic_store_n((p), (value), __ATOMIC_RELAXED)
#define atomic_store_release(p, value) __atomic_store_n((p), (value), __ATOMIC_RELEASE)
/* A store that later loads cannot pass: the "set my flag, look at yours" pattern. */
#define atomic_store_full(p, value) __atomic_store_n((p), (value), __ATOMIC_SEQ_CST)

/* Each answers the value before; all are full barriers on x86 anyway, so there is one order unless relaxed is said. */
#define atomic_swap(p, value) __atomic_exchange_n((p), (value), __ATOMIC_ACQ_REL)
#define atomic_add(p, value) __atomic_fetch_add((p), (value), __ATOMIC_ACQ_REL)
#define atomic_subtract(p, value) __atomic_fetch_sub((p), (value), __ATOMIC_ACQ_REL)
#define atomic_or(p, value) __atomic_fetch_or((p), (value), __ATOMIC_ACQ_REL)
#define atomic_and(p, value) __atomic_fetch_and((p), (value), __ATOMIC_ACQ_REL)
#define atomic_add_relaxed(p, value) __atomic_fetch_add((p), (value), __ATOMIC_RELAXED)

/* True when *p was *expected and is now `value`; otherwise *expected is what *p was. */
#define atomic_compare_swap(p, expected, value) \
    __atomic_compare_exchange_n((p), (expected), (value), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

#define atomic_fence_full() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define atomic_fence_acquire() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define atomic_fence_release() __atomic_thread_fence(__ATOMIC_RELEASE)
