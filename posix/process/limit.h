/* SPDX-License-Identifier: MIT
 * Limits of setrlimit, as procd keeps them. Asking costs a message: for paths that failed already, or are long anyway. */
#pragma once
#include "posix/linux/resource.h"

/* 0, or -LINUX_E...; next: null to look only. */
int64_t limit_exchange(int32_t pid, uint32_t which, const struct linux_rlimit *next, struct linux_rlimit *out_old);
/* Our own soft limit. */
uint64_t limit_current(uint32_t which);
