/* SPDX-License-Identifier: MIT
 * redoxfs_soak model SEED OPERATIONS [BLOCKS]    the long run of one proof; ends with a line of figures, or `not ok` and status 1 */
#include "proof/model.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **words)
{
    if (count < 4) {
        fputs("redoxfs_soak model SEED OPERATIONS [BLOCKS]\n", stderr);
        return 125;
    }
    uint64_t seed = strtoull(words[2], nullptr, 10), amount = strtoull(words[3], nullptr, 10);
    uint64_t blocks = count > 4 ? strtoull(words[4], nullptr, 10) : 6000;
    if (strcmp(words[1], "model") == 0) {
        uint64_t done = model_run(&(struct model_options){seed, amount, blocks, 400, true});
        printf("%" PRIu64 " operations, %" PRIu64 " of them changed something\n", amount, done);
    }
    return 0;
}
