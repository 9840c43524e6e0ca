/* SPDX-License-Identifier: MIT
 * Futexes: sleep while a word has a value. Private ones are named by (space, address), shared ones by (object, offset). */
#pragma once
#include "abi/event.h"
#include "base/try.h"
#include "kernel/core/addresses.h"

enum status futex_wait(user_addr_t word, uint32_t value, uint64_t deadline_ns, uint32_t mask, uint32_t flags);
enum status futex_wake(user_addr_t word, uint32_t most, uint32_t mask, uint32_t flags, uint32_t *out_woken);
enum status futex_requeue(user_addr_t from, uint32_t wake, user_addr_t to, uint32_t move, uint32_t flags, uint32_t *out_count);
void futex_system_init(void);

/* Locks with an owner (kernel/task/futex_owner.c). ERR_BUSY: it is the caller's already; ERR_NO_PROCESS: its owner is nobody. */
enum status futex_lock(user_addr_t word, uint64_t deadline_ns, uint32_t flags, bool try);
/* ERR_NOT_PERMITTED: it is not the caller's. */
enum status futex_unlock(user_addr_t word, uint32_t flags, uint32_t extra);
