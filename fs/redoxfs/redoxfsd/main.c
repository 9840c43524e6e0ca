/* SPDX-License-Identifier: MIT
 * redoxfsd: starts with the disk as handle "device"; the volume is looked at by the first job, in the worker. */
#include "redoxfsd.h"
#include "sys/log.h"
#include "sys/start.h"

struct redoxfsd redoxfsd = {.mount_status = ERR_BUSY};

enum status volume_open(void)
{
    struct redoxfs *fs = &redoxfsd.fs;
    enum status status = redoxfs_open((struct redoxfs_disk){.read = disk_read, .block_count = disk.blocks}, fs);
    if (status == ERR_NOT_SUPPORTED)
        log_warning("not mounted: the volume is encrypted, and this build has no ciphers");
    else if (status != OK)
        log_warning("not mounted: %s", status_sentence(status));
    else
        log_info("%lu blocks, generation %lu%s, read-only", (unsigned long)fs->block_count, (unsigned long)fs->generation,
                 fs->is_older ? " (the newest leads nowhere)" : "");
    return status;
}

static enum status start(const struct start_block *block)
{
    TRY(server_init(&redoxfsd.server, start_handle(block, "endpoint"), &redoxfsd_scheme, nullptr));
    TRY(jobs_start());
    TRY(pages_start());
    return disk_start(&redoxfsd.server, start_handle(block, "device"));
}

int main(const struct start_block *block)
{
    enum status status = start(block);
    if (status == OK)
        status = server_run(&redoxfsd.server);
    log_error("ended: %s", status_sentence(status));
    return 1;
}
