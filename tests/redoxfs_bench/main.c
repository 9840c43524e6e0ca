/* SPDX-License-Identifier: MIT
 * redoxfs_bench make|measure IMAGE FILES: a volume with FILES files (in directories of 1000) in the file IMAGE; one function for each
 * thing that is measured, under the name bench_THING, so that callgrind can count what is below it; says how often each was done. */
#include "proof/disk.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BATCH = 1000, MEGABYTE = 1 << 20 };

static struct proof_disk disk;
static struct redoxfs fs;
static uint8_t megabyte[MEGABYTE], back[MEGABYTE];
static uint32_t directory, file;
static char names[BATCH][24];
static const struct redoxfs_time now = {1700000000, 0};

static struct view name(uint32_t i)
{
    return (struct view){(uint8_t *)names[i], strlen(names[i])};
}

static uint32_t make(uint32_t in, struct view called, uint16_t mode)
{
    uint32_t id = 0;
    MUST(redoxfs_create(&fs, in, called, &(struct redoxfs_attributes){.mode = mode, .now = now}, &id));
    return id;
}

static void mount(void)
{
    struct redoxfs_write_options options = proof_options();
    options.dirty_bytes = 64 << 20;
    options.cache_bytes = 64 << 20;
    MUST(redoxfs_open_writable(proof_disk_of(&disk), &options, &fs));
}

#define MEASURED __attribute__((noinline)) void

MEASURED bench_mount(void);
MEASURED bench_mount(void)
{
    mount();
}

MEASURED bench_create(void);
MEASURED bench_create(void)
{
    for (uint32_t i = 0; i < BATCH; i++)
        (void)make(directory, name(i), REDOXFS_FILE | 0644);
    MUST(redoxfs_commit(&fs));
}

MEASURED bench_lookup(void);
MEASURED bench_lookup(void)
{
    struct redoxfs_node node;
    uint32_t id;
    MUST(redoxfs_node_read(&fs, directory, &node));
    for (uint32_t i = 0; i < BATCH; i++)
        MUST(redoxfs_lookup(&fs, &node, name(i), &id));
}

/* From the root, as for a path of two names. */
MEASURED bench_stat(void);
MEASURED bench_stat(void)
{
    struct redoxfs_node node;
    uint32_t id;
    for (uint32_t i = 0; i < BATCH; i++) {
        MUST(redoxfs_node_read(&fs, directory, &node));
        MUST(redoxfs_lookup(&fs, &node, name(i), &id));
        MUST(redoxfs_node_read(&fs, id, &node));
    }
}

MEASURED bench_unlink(void);
MEASURED bench_unlink(void)
{
    for (uint32_t i = 0; i < BATCH; i++)
        MUST(redoxfs_unlink(&fs, directory, name(i), now));
    MUST(redoxfs_commit(&fs));
}

MEASURED bench_write(void);
MEASURED bench_write(void)
{
    size_t done;
    MUST(redoxfs_write(&fs, file, 0, (struct view){megabyte, MEGABYTE}, now, &done));
    MUST(redoxfs_commit(&fs));
}

static void read_back(void)
{
    struct redoxfs_node node;
    size_t done;
    MUST(redoxfs_node_read(&fs, file, &node));
    MUST(redoxfs_read(&fs, &node, 0, SPAN_OF_ARRAY(back), &done));
    if (done != MEGABYTE || memcmp(back, megabyte, MEGABYTE) != 0)
        proof_failed("other bytes came back");
}

MEASURED bench_read_cold(void);
MEASURED bench_read_cold(void)
{
    read_back();
}

MEASURED bench_read_warm(void);
MEASURED bench_read_warm(void)
{
    read_back();
}

MEASURED bench_fsync_one(void);
MEASURED bench_fsync_one(void)
{
    size_t done;
    MUST(redoxfs_write(&fs, file, 0, (struct view){megabyte, 10}, now, &done));
    MUST(redoxfs_commit(&fs));
}

static void fill(uint64_t files)
{
    char text[24];
    for (uint64_t i = 0; i < files; i++) {
        static uint32_t in;
        int length = snprintf(text, sizeof text, "%s%" PRIu64, i % 1000 ? "file" : "directory", i);
        if (i % 1000 == 0)
            in = make(REDOXFS_ROOT, (struct view){(uint8_t *)text, (size_t)length}, REDOXFS_DIRECTORY | 0755);
        else
            (void)make(in, (struct view){(uint8_t *)text, (size_t)length}, REDOXFS_FILE | 0644);
    }
    MUST(redoxfs_commit(&fs));
}

/* The volume is a file, so that one of a million nodes can be made once, without counting, and stays out of memory. */
static void open_image(const char *path, uint64_t files)
{
    int image = open(path, O_RDWR | O_CREAT, 0600);
    disk.count = 8192 + files * 11 / 10;
    size_t bytes = disk.count * REDOXFS_BLOCK_BYTES;
    void *memory = image < 0 || ftruncate(image, (off_t)bytes) ? MAP_FAILED : mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, image, 0);
    if (memory == MAP_FAILED)
        proof_failed("%s cannot be used", path);
    close(image);
    disk.blocks = memory;
}

static void make_image(uint64_t files)
{
    proof_format(&disk, 0);
    mount();
    fill(files);
    (void)make(REDOXFS_ROOT, name(0), REDOXFS_DIRECTORY | 0755);
    (void)make(REDOXFS_ROOT, name(1), REDOXFS_FILE | 0644);
    MUST(redoxfs_commit(&fs));
    redoxfs_close(&fs);
}

static void find_places(void)
{
    struct redoxfs_node root;
    MUST(redoxfs_node_read(&fs, REDOXFS_ROOT, &root));
    MUST(redoxfs_lookup(&fs, &root, name(0), &directory));
    MUST(redoxfs_lookup(&fs, &root, name(1), &file));
}

static void measure(void)
{
    bench_mount();
    find_places();
    bench_create();
    bench_lookup();
    bench_stat();
    bench_unlink();
    bench_write();
    bench_read_warm();
    redoxfs_close(&fs);
    mount();
    bench_read_cold();
    bench_fsync_one();
    redoxfs_close(&fs);
}

int main(int count, char **words)
{
    uint64_t files = count == 4 ? strtoull(words[3], nullptr, 10) : 0;
    if (count != 4) {
        fputs("redoxfs_bench make|measure IMAGE FILES\n", stderr);
        return 125;
    }
    for (uint32_t i = 0; i < BATCH; i++)
        snprintf(names[i], sizeof names[i], "some-file-%05u.dat", i);
    for (uint32_t i = 0; i < MEGABYTE; i++)
        megabyte[i] = (uint8_t)(i * 2654435761u >> 13);
    open_image(words[2], files);
    if (strcmp(words[1], "make") == 0)
        make_image(files);
    else
        measure();
    printf("create %d lookup %d stat %d unlink %d write 1 read_warm 1 read_cold 1 mount 1 fsync_one 1\n", BATCH, BATCH, BATCH, BATCH);
    return 0;
}
