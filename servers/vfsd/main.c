/* SPDX-License-Identifier: MIT
 * vfsd's main: starts and serves (serve.c). */
#include "sys/log.h"
#include "sys/start.h"
#include "vfsd.h"

int main(const struct start_block *block)
{
    enum status status = vfsd_start(block);
    if (status == OK)
        status = server_run(&vfsd.server);
    log_error("ended: %s", status_sentence(status));
    return 1;
}
