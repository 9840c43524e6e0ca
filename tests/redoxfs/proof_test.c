/* SPDX-License-Identifier: MIT
 * Small runs of the proofs; ./mh soak redoxfs-model and redoxfs-power run the long ones. */
#include "proof/disk.h"
#include "proof/model.h"
#include "proof/power.h"
#include "unit/unit.h"

TEST(a_volume_behaves_as_its_model)
{
    CHECK(model_run(&(struct model_options){.seed = 1, .operations = 6000, .blocks = 6000, .operations_per_mount = 300}) > 2000);
}

TEST(a_small_volume_that_is_often_full_behaves_as_its_model)
{
    CHECK(model_run(&(struct model_options){.seed = 2, .operations = 6000, .blocks = 900, .operations_per_mount = 300}) > 2000);
}

TEST(no_power_cut_loses_a_commit_or_breaks_the_volume)
{
    struct power_result result = power_run(&(struct power_options){.seed = 1, .sequences = 1, .stride = 16, .reorderings = 4});
    CHECK(result.cuts > 2000);
}

TEST(no_error_of_the_disk_loses_a_commit_or_shows_a_wrong_byte)
{
    CHECK(errors_run(60) > 300);
}
