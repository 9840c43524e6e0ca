/* SPDX-License-Identifier: MIT
 * A shell from its beginning to its end. How deep it may go into itself is counted in bytes of stack: a quarter stays free for what
 * does not ask. */
#include "job.h"
#include "run/run.h"
#include <sys/resource.h>

void shell_init(struct shell *sh)
{
    struct rlimit stack;
    size_t room = 8u << 20;
    if (!getrlimit(RLIMIT_STACK, &stack) && stack.rlim_cur < room) room = stack.rlim_cur;
    *sh = (struct shell){.folders_max = -1, .text_max = 1u << 28, .words_max = 1000000};
    sh->scope = &sh->global;
    sh->stack_end = (const char *)__builtin_frame_address(0) - room + room / 4;
}

void shell_fini(struct shell *sh)
{
    error_forget(sh);
    job_fini(sh);
    value_free(sh->folders);
    scope_fini(&sh->global);
    arena_fini(&sh->scratch);
    arena_fini(&sh->caught_arena);
}
