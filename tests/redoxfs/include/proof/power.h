/* SPDX-License-Identifier: MIT
 * Power cuts. Sequences of operations from a list, with commits, run on a disk that remembers the order of its writes and flushes.
 * Then each moment is a cut: what was flushed is there; of what was written since, the first few, or any others, or half of one.
 * The volume of each cut must open, pass the check, and be what it was at the last commit, or, when that commit's header is there,
 * at the one that was being made. */
#pragma once
#include "base/types.h"

struct power_options {
    uint64_t seed, sequences;   /* sequences: of chance and 120 operations, beside all those of one and two */
    uint32_t stride;            /* every how manieth sequence of two; 1: all */
    uint32_t reorderings;       /* for each stretch between flushes */
};
struct power_result { uint64_t sequences, commits, cuts, changed_after; };
struct power_result power_run(const struct power_options *options);
/* Each read, write and flush of the same sequences fails in turn. Answers how many failures were tried. */
uint64_t errors_run(uint32_t stride);
