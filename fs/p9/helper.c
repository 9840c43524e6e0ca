/* SPDX-License-Identifier: MIT
 * Work for the helper context (fs/helper.h), waited for in a fiber. */
#include "p9fs.h"
#include "fs/helper.h"

struct slot_work { struct file_work work; struct slot *slot; };

static void work_done(struct file_work *work)
{
    container_of(work, struct slot_work, work)->slot->is_ready = true;
}

enum status helper_start(void)
{
    return file_helper_start(&p9.driver.server, jobs_schedule);
}

enum status helper_run(enum file_work_kind kind, handle_t file, const struct file_attributes *attributes)
{
    struct slot_work w = {.work = {.kind = kind, .file = file, .done = work_done}, .slot = slot_current()};
    if (attributes)
        w.work.attributes = *attributes;
    w.slot->is_ready = false;
    file_helper_run(&w.work);
    fiber_wait();
    return w.work.status;
}
