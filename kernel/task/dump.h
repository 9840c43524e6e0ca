/* SPDX-License-Identifier: MIT
 * What every context does and waits for, on the log: from a panic, from an NMI (trap_dump), from a command. Takes no lock that a
 * hung CPU may hold; what it prints may be torn, and it says so by nothing but being the last words. */
#pragma once
void dump_contexts(void);
