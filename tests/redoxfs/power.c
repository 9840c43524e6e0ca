/* SPDX-License-Identifier: MIT
 * Recording a sequence, and cutting it everywhere. The disk of a cut is a table of pointers to blocks of the flushed disk and of the
 * record, so that a cut costs no copying; what is written to it afterwards goes to blocks of its own. */
#include "proof/power.h"
#include "workload.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512, OWN_MAX = 400, COMMITS_MAX = 200, LONG_OPERATIONS = 120, AFTER_EVERY = 16 };

struct cut_disk {
    const uint8_t *at[WORK_BLOCKS];
    uint8_t own[OWN_MAX][REDOXFS_BLOCK_BYTES];
    uint32_t own_count;
};

static struct proof_disk start, disk;
static struct redoxfs fs;
static struct cut_disk cut;
static struct proof_random random_numbers;
static struct power_result result;
static struct { uint64_t digest; size_t events; } commits[COMMITS_MAX]; /* 0: the state before the sequence */
static uint32_t commit_count;
static char what[200];

static enum status cut_read(void *context, uint64_t block, struct span to)
{
    const struct cut_disk *c = context;
    for (size_t at = 0; at < to.length; at += REDOXFS_BLOCK_BYTES)
        memcpy(to.data + at, c->at[block + at / REDOXFS_BLOCK_BYTES], REDOXFS_BLOCK_BYTES);
    return OK;
}

static enum status cut_write(void *context, uint64_t block, struct view from)
{
    struct cut_disk *c = context;
    for (size_t at = 0; at < from.length; at += REDOXFS_BLOCK_BYTES) {
        if (c->own_count == OWN_MAX)
            proof_failed("a cut's disk is too small");
        memcpy(c->own[c->own_count], from.data + at, REDOXFS_BLOCK_BYTES);
        c->at[block + at / REDOXFS_BLOCK_BYTES] = c->own[c->own_count++];
    }
    return OK;
}

static enum status cut_flush(void *context)
{
    (void)context;
    return OK;
}

static struct redoxfs_disk cut_disk_of(struct cut_disk *c)
{
    return (struct redoxfs_disk){.read = cut_read, .write = cut_write, .flush = cut_flush, .context = c, .block_count = WORK_BLOCKS};
}

/* -- one cut ---------------------------------------------------------------------------------------------------------------------- */

enum header { HEADER_NOT_THERE, HEADER_TORN, HEADER_THERE };

static void change_and_check_again(void)
{
    struct redoxfs_write_options options = proof_options();
    MUST(redoxfs_open_writable(cut_disk_of(&cut), &options, &fs));
    for (int i = 0; i < 3; i++)
        (void)workload_do(&fs, (uint32_t)proof_below(&random_numbers, WORK_OPERATIONS), proof_next(&random_numbers));
    MUST(redoxfs_commit(&fs));
    uint64_t before, after;
    MUST(workload_digest(&fs, &before));
    redoxfs_close(&fs);
    MUST(redoxfs_open(cut_disk_of(&cut), &fs));
    MUST(workload_digest(&fs, &after));
    if (before != after || proof_check(&fs, what))
        proof_failed("%s: changed after the cut, and not well", what);
    result.changed_after++;
}

/* `done`: commits whose last flush was over. */
static void check_cut(uint32_t done, enum header header)
{
    uint64_t digest;
    result.cuts++;
    MUST(redoxfs_open(cut_disk_of(&cut), &fs));
    if (proof_check(&fs, what))
        proof_failed("%s, cut %" PRIu64 ": the check found problems", what, result.cuts);
    MUST(workload_digest(&fs, &digest));
    bool is_old = digest == commits[done].digest, is_new = done + 1 < commit_count && digest == commits[done + 1].digest;
    if (!(header == HEADER_NOT_THERE ? is_old : header == HEADER_THERE ? is_new : is_old || is_new))
        proof_failed("%s, cut %" PRIu64 ": not the state of commit %u%s", what, result.cuts, done, header ? " or the next" : "");
    if (result.cuts % AFTER_EVERY == 0)
        change_and_check_again();
}

/* -- all cuts of a sequence ------------------------------------------------------------------------------------------------------- */

static struct { const uint8_t *at[WORK_BLOCKS]; } flushed;

static void cut_from_flushed(void)
{
    memcpy(cut.at, flushed.at, sizeof cut.at);
    cut.own_count = 0;
}

static enum header apply(const struct disk_event *event)
{
    cut.at[event->block] = event->data;
    return event->block < 256 ? HEADER_THERE : HEADER_NOT_THERE;
}

/* Some sectors of the new block, the others as they were. */
static enum header apply_torn(const struct disk_event *event)
{
    uint8_t *own = cut.own[cut.own_count++], sectors = (uint8_t)proof_below(&random_numbers, 256);
    for (uint32_t i = 0; i < REDOXFS_BLOCK_BYTES / SECTOR; i++)
        memcpy(own + i * SECTOR, (sectors >> i & 1 ? event->data : cut.at[event->block]) + i * SECTOR, SECTOR);
    cut.at[event->block] = own;
    return event->block < 256 ? HEADER_TORN : HEADER_NOT_THERE;
}

/* The first `count` writes, and half of the next. */
static void cut_prefix(const struct disk_event *events, size_t count, size_t all, uint32_t done)
{
    enum header header = HEADER_NOT_THERE;
    cut_from_flushed();
    for (size_t i = 0; i < count; i++)
        header = MAX(header, apply(&events[i]));
    check_cut(done, header);
    if (count == all)
        return;
    cut_from_flushed();
    for (size_t i = 0; i < count; i++)
        (void)apply(&events[i]);
    check_cut(done, MAX(header, apply_torn(&events[count])));
}

/* Any of them, in the order in which they were written: later ones of one block win, as in a disk that sorts. */
static void cut_subset(const struct disk_event *events, size_t all, uint32_t done)
{
    enum header header = HEADER_NOT_THERE;
    uint64_t share = 1 + proof_below(&random_numbers, 7);
    cut_from_flushed();
    for (size_t i = 0; i < all; i++)
        if (proof_below(&random_numbers, 8) < share)
            header = MAX(header, proof_below(&random_numbers, 8) || cut.own_count > OWN_MAX / 2 ? apply(&events[i]) : apply_torn(&events[i]));
    check_cut(done, header);
}

static void cut_everywhere(uint32_t reorderings)
{
    uint32_t done = 0;
    for (uint64_t i = 0; i < WORK_BLOCKS; i++)
        flushed.at[i] = start.blocks[i];
    for (size_t first = 0, end; first < disk.event_count; first = end + 1) {
        for (end = first; end < disk.event_count && disk.events[end].data; end++)
            ;
        while (done + 1 < commit_count && commits[done + 1].events <= first)
            done++;
        for (size_t count = 0; count <= end - first; count++)
            cut_prefix(disk.events + first, count, end - first, done);
        for (uint32_t i = 0; i < reorderings && end - first > 1; i++)
            cut_subset(disk.events + first, end - first, done);
        for (size_t i = first; i < end; i++)
            flushed.at[disk.events[i].block] = disk.events[i].data;
    }
}

/* -- sequences -------------------------------------------------------------------------------------------------------------------- */

static void note_commit(void)
{
    if (commit_count == COMMITS_MAX)
        proof_failed("too many commits");
    MUST(workload_digest(&fs, &commits[commit_count].digest));
    commits[commit_count++].events = disk.event_count;
}

static void begin(void)
{
    struct redoxfs_write_options options;
    proof_compresses = result.sequences % 2;
    options = proof_options();
    memcpy(disk.blocks, start.blocks, (size_t)WORK_BLOCKS * REDOXFS_BLOCK_BYTES);
    proof_disk_forget(&disk);
    commit_count = 0;
    MUST(redoxfs_open_writable(proof_disk_of(&disk), &options, &fs));
    note_commit();
}

static bool commit_if_changed(size_t *events)
{
    MUST(redoxfs_commit(&fs));
    bool has_changed = disk.event_count > *events;
    *events = disk.event_count;
    return has_changed;
}

/* An operation may have committed by itself, in a small volume; its state is not known, so it ends the sequence's use. */
static bool do_and_commit(uint32_t operation, uint64_t variation, bool commit)
{
    size_t events = disk.event_count;
    if (operation >= WORK_RESIZE && commit_if_changed(&events)) /* its own commits have what is seen now */
        note_commit();
    uint64_t generation = fs.generation;
    (void)workload_do(&fs, operation, variation);
    if (operation < WORK_RESIZE && fs.generation != generation)
        return false;
    if (commit)
        MUST(redoxfs_commit(&fs));
    if (disk.event_count > events)
        note_commit();
    return true;
}

static void end(uint32_t reorderings)
{
    redoxfs_close(&fs);
    result.sequences++;
    result.commits += commit_count - 1;
    cut_everywhere(reorderings);
}

static void disk_rewind(size_t events)
{
    while (disk.event_count > events)
        free(disk.events[--disk.event_count].data);
}

static void sequence_of_two(uint32_t first, uint32_t second, bool both, uint32_t reorderings)
{
    snprintf(what, sizeof what, "operations %u and %u, %s", first, second, both ? "a commit after each" : "one commit");
    begin();
    if (do_and_commit(first, 0, both) && do_and_commit(second, 1, true))
        end(reorderings);
    else
        redoxfs_close(&fs);
}

static void long_sequence(uint64_t seed, uint32_t reorderings)
{
    snprintf(what, sizeof what, "long sequence of seed %" PRIu64, seed);
    random_numbers.state = seed;
    begin();
    for (uint32_t i = 0; i < LONG_OPERATIONS; i++)
        if (!do_and_commit((uint32_t)proof_below(&random_numbers, WORK_OPERATIONS), proof_next(&random_numbers),
                           proof_below(&random_numbers, 3) == 0))
            break;
    disk_rewind(commits[commit_count - 1].events);
    end(reorderings);
}

struct power_result power_run(const struct power_options *o)
{
    result = (struct power_result){0};
    random_numbers.state = o->seed;
    workload_start(&start);
    proof_disk_init(&disk, WORK_BLOCKS);
    disk.records = true;
    uint32_t number = 0;
    for (uint32_t first = 0; first < WORK_OPERATIONS; first++)
        for (uint32_t second = 0; second < WORK_OPERATIONS; second++)
            for (int both = 0; both < 2; both++)
                if (number++ % o->stride == 0)
                    sequence_of_two(first, second, both, o->reorderings);
    for (uint64_t i = 0; i < o->sequences; i++)
        long_sequence(o->seed + i, o->reorderings);
    proof_disk_fini(&disk);
    proof_disk_fini(&start);
    return result;
}
