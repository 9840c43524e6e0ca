/* SPDX-License-Identifier: MIT
 * redoxfsd: starts with the disk as handle "device"; the volume is looked at by the first job, in the worker. */
#include "redoxfsd.h"
#include "heap/heap.h"
#include "lz4/lz4.h"
#include "redoxfs/cipher.h"
#include "sys/log.h"
#include "sys/start.h"

struct redoxfsd redoxfsd = {.mount_status = ERR_BUSY};

static void *memory_allocate(void *context, size_t bytes)
{
    (void)context;
    return heap_allocate(bytes);
}

static void memory_release(void *context, void *block, size_t bytes)
{
    (void)context, (void)bytes;
    heap_free(block);
}

/* A volume whose space cannot be trusted can still be read. */
static enum status open_any_way(void)
{
    struct redoxfs_disk blocks = {.read = disk_read, .write = disk_write, .flush = disk_flush, .expect = disk_expect, .block_count = disk.blocks};
    struct redoxfs_secret secret = {&redoxfs_cipher, start_option(start_current(), "password=")};
    struct redoxfs_write_options options = {.memory = {.allocate = memory_allocate, .release = memory_release}, .secret = &secret,
                                            .compressor = start_has_argument(start_current(), "compress") ? lz4_encode : nullptr};
    enum status status = disk.is_read_only ? ERR_READ_ONLY : redoxfs_open_writable(blocks, &options, &redoxfsd.fs);
    redoxfsd.is_read_only = status != OK;
    if (status != ERR_READ_ONLY && status != ERR_CORRUPT)
        return status;
    if (status == ERR_CORRUPT)
        log_warning("damaged: it can only be read (redoxfs-fsck --repair)");
    return redoxfs_open_secret(blocks, &secret, &redoxfsd.fs);
}

enum status volume_open(void)
{
    const struct redoxfs *fs = &redoxfsd.fs;
    bool has_password = start_option(start_current(), "password=").length > 0;
    enum status status = open_any_way();
    if (status == ERR_NOT_SUPPORTED)
        log_warning("not mounted: the volume is encrypted, and this build has no ciphers");
    else if (status == ERR_NO_ACCESS)
        log_warning("not mounted: the volume is encrypted, and %s", has_password ? "the password is wrong" : "there is no password for it");
    else if (status != OK)
        log_warning("not mounted: %s", status_sentence(status));
    else
        log_info("%lu blocks, generation %lu%s%s", (unsigned long)fs->block_count, (unsigned long)fs->generation,
                 fs->is_older ? " (the newest leads nowhere)" : "", redoxfsd.is_read_only ? ", read-only" : "");
    return status;
}

static enum status start(const struct start_block *block)
{
    TRY(server_init(&redoxfsd.server, start_handle(block, "endpoint"), &redoxfsd_scheme, nullptr));
    TRY(jobs_start());
    TRY(pages_start());
    TRY(commit_start());
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
