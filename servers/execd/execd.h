/* SPDX-License-Identifier: MIT
 * execd: the first POSIX process. One process at a time; everything belongs to the one loop. */
#pragma once
#include "command.h"
#include "server/server.h"
#include "sys/start.h"

enum : uint64_t { TOKEN_OUT = 1, TOKEN_ERROR = 2 }; /* the resources that the command writes to */

struct execd {
    struct server server;
    struct event_handler ended;     /* bound to the process */
    const struct start_block *block;
    struct command command;
    handle_t view;                  /* vfsd's view: root and current directory of the process */
    handle_t programs;              /* the group of all that runs below it */
    handle_t process;
    bool stays;                     /* the console's shell: started again when it ends */
};

/* Debug-console ports of the emulator: out, error, status line. */
enum status report_init(struct execd *e);
enum status report_bytes(uint64_t token, struct view bytes);
void report_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Starts the command, or the console's shell; the process runs when this returns OK. */
enum status first_start(struct execd *e);
