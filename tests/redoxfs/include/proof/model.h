/* SPDX-License-Identifier: MIT
 * Random operations on a volume and on a model of a tree in memory, which must answer the same and look the same; closing without a
 * commit must lead back to the last commit's state. After each mount the check must find nothing. */
#pragma once
#include "base/types.h"

struct model_options {
    uint64_t seed, operations, blocks;
    uint32_t operations_per_mount;
    bool verbose;
};
/* Answers how many operations succeeded; a difference ends the program. */
uint64_t model_run(const struct model_options *options);
