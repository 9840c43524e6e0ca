/* SPDX-License-Identifier: MIT
 * What other folders need of process/. */
#pragma once
struct process;

/* SIGCHLD is ignored: ended children disappear without being waited for. */
void process_reap_all(struct process *p);
