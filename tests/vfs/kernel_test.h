/* SPDX-License-Identifier: MIT
 * A kernel for two servers and one client in one process: handles, file objects without pages, messages in queues. What the servers
 * submit can be held back, so that requests overtake each other. It counts handles, so that a test sees what leaks. */
#pragma once
#include "server/server.h"

/* Both servers anew: vfsd with ramfs as its root, mounted. The client is this program; its credential is `fake_credential`. */
void fake_start(void);
extern uint64_t fake_credential;
extern handle_t fake_vfs;             /* vfsd's root resource */
/* Handles that are open now, and file objects that live. */
int fake_handles(void);
int fake_files(void);
/* From now on requests to ramfs wait until fake_release. */
void fake_hold(void);
/* Lets ramfs take that many of them. */
void fake_step(int messages);
void fake_release(void);
/* A request without waiting: its number, and later its result; `m` must stay. */
int fake_begin(handle_t target, uint32_t kind, struct message *m);
bool fake_is_done(int request, int64_t *out_result);
void fake_cancel(int request);
/* What was forwarded last: the data that went along, or an empty string; nullptr when nothing was. */
const char *fake_forwarded(void);
handle_t fake_device_server(void);
struct process_entry *fake_table(void);
