/* SPDX-License-Identifier: MIT
 * redoxfs_soak model SEED OPERATIONS [BLOCKS]    random operations beside a model of the tree
 * redoxfs_soak power SEED SEQUENCES              every cut of every sequence of two operations, and of so many long ones
 * redoxfs_soak errors SEED STRIDE                a disk that fails at each request in turn, for every STRIDEth sequence of two
 * redoxfs_soak replay BLOCKS 0|1 FOLDER IMAGE     the script of tests/redoxfs/tree.py in FOLDER; 1: compressed
 * Each ends with a line of figures, or with `not ok` and status 1. */
#include "proof/model.h"
#include "proof/power.h"
#include "proof/replay.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **words)
{
    if (count < 4) {
        fputs("redoxfs_soak model|power|errors SEED AMOUNT [BLOCKS]; redoxfs_soak replay BLOCKS 0|1 FOLDER IMAGE\n", stderr);
        return 125;
    }
    uint64_t seed = strtoull(words[2], nullptr, 10), amount = strtoull(words[3], nullptr, 10);
    uint64_t blocks = count > 4 ? strtoull(words[4], nullptr, 10) : 6000;
    if (strcmp(words[1], "model") == 0) {
        uint64_t done = model_run(&(struct model_options){seed, amount, blocks, 400, true});
        printf("%" PRIu64 " operations, %" PRIu64 " of them changed something\n", amount, done);
    }
    if (strcmp(words[1], "power") == 0) {
        struct power_result r = power_run(&(struct power_options){seed, amount, 1, 8});
        printf("%" PRIu64 " sequences, %" PRIu64 " commits, %" PRIu64 " cuts, %" PRIu64 " changed again\n", r.sequences, r.commits, r.cuts, r.changed_after);
    }
    if (strcmp(words[1], "replay") == 0 && count == 6)
        printf("%" PRIu64 " operations\n", replay_run(words[4], words[5], seed, amount));
    if (strcmp(words[1], "errors") == 0)
        printf("%" PRIu64 " failures of the disk\n", errors_run((uint32_t)amount));
    return 0;
}
