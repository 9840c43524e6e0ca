/* SPDX-License-Identifier: MIT
 * selfcheck: goes through the native interface from the simplest call on, says in the log what holds, and ends the system with a status
 * that the build machine sees. Started by unit=selfcheck; it needs no other service. unit=costs measures instead of checking. */
#include "base/fmt.h"
#include "check.h"
#include "protocol/hardware.h"
#include "protocol/init.h"

const struct start_block *check_block;

static uint32_t run(const struct check *checks, uint32_t *passed)
{
    uint32_t failed = 0;
    for (; checks->promise; checks++) {
        bool holds = checks->holds();
        log_info("%s %s", holds ? "ok" : "FAILED", checks->promise);
        failed += !holds;
        *passed += holds;
    }
    return failed;
}

static void report(handle_t port, const char *text)
{
    struct hardware_out_bytes_out nothing;
    if (port != HANDLE_NONE)
        IGNORE(hardware_out_bytes(port, &(struct hardware_out_bytes_in){.data = view_of_string(text)}, &nothing));
}

static void say(const char *line)
{
    report(start_handle(check_block, "out"), line);
}

/* Everything that is promised; the number of what does not hold. */
static uint32_t check_all(void)
{
    static const struct check *const all[] = {handle_checks, memory_checks, time_checks, pipe_checks, file_checks, crowd_checks,
                                             message_checks, death_checks, process_checks, capability_checks, load_checks, loop_checks, scheduling_checks};
    uint32_t passed = 0, failed = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(all); i++)
        failed += run(all[i], &passed);
    char text[64];
    fmt(text, sizeof text, "%u passed, %u failed\n", passed, failed);
    log_info("%s", text);
    say(text);
    return failed;
}

int main(const struct start_block *block)
{
    check_block = block;
    uint32_t failed = start_has_argument(block, "costs") ? costs_report(block, say) : check_all();
    report(start_handle(block, "status"), failed ? "exit 1\n" : "exit 0\n");
    struct init_power_out nothing;
    IGNORE(init_power(start_handle(block, "operator"), &(struct init_power_in){.how = INIT_POWER_OFF}, &nothing));
    return (int)failed;
}
