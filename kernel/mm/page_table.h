/* SPDX-License-Identifier: MIT
 * Frames for page tables. A table is always zero and unused when it is put back, because each entry was cleared on its way out; so
 * a few are kept for each CPU and need no clearing. Roots are kept with the kernel half filled in. */
#pragma once
#include "abi/status.h"
#include "kernel/core/addresses.h"

/* Keeps a table whose last reference is gone; false: it goes to the free frames. */
bool table_keep(phys_addr_t table);
enum status root_allocate(phys_addr_t *out);
void root_free(phys_addr_t root);     /* its user half is empty */
uint64_t table_count(void);           /* in use or kept */
