/* SPDX-License-Identifier: MIT
 * The end of the system: every filesystem writes back (bounded by a timer, in case one no longer answers), then the machine is
 * switched off through the chipset's ports. */
#include "protocol/hardware.h"
#include "protocol/vfs.h"
#include "service.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/start.h"

#define SYNC_LIMIT_NS 5000000000ull
#define PM_CONTROL 0x604u       /* PM1a control block of the q35 chipset as its firmware places it (ACPI 4.8.3.2) */
#define PM_SLEEP_OFF 0x2000u    /* SLP_EN, SLP_TYP 0: soft off there */
#define RESET_CONTROL 0xcf9u
#define RESET_FULL 0x0eu
#define EMULATOR_EXIT 0xf4u     /* isa-debug-exit, where an emulator has it */

struct ending {
    struct completion synced;
    struct event_handler late;
    struct init *init;
    uint32_t how;
};
static struct ending ending;

static void port_write(handle_t hardware, uint32_t port, uint32_t width, uint32_t value)
{
    struct hardware_ports_out ports;
    if (hardware_ports(hardware, &(struct hardware_ports_in){.base = port, .count = width, .ports_place = PLACE_HIGH}, &ports) != OK)
        return;
    struct hardware_out_out nothing;
    IGNORE(hardware_out(ports.ports, &(struct hardware_out_in){.offset = 0, .width_bytes = width, .value = value}, &nothing));
    IGNORE(sys_handle_close(ports.ports));
}

static void switch_off(void)
{
    handle_t hardware = start_handle(ending.init->block, "hardware");
    if (ending.how == INIT_POWER_REBOOT) {
        port_write(hardware, RESET_CONTROL, 1, RESET_FULL);
    } else if (ending.how == INIT_POWER_OFF) {
        port_write(hardware, PM_CONTROL, 2, PM_SLEEP_OFF);
        port_write(hardware, EMULATOR_EXIT, 1, 0);
    }
    log_info("the system is halted; the power can be switched off");
}

static void synced(struct server *s, struct completion *self, const struct message *reply)
{
    (void)s, (void)self;
    if (reply->result < 0)
        log_error("sync before the end failed: %s", status_sentence(reply->result));
    switch_off();
}

static void too_late(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    (void)s, (void)self, (void)count, (void)value;
    log_error("filesystems did not write back in time");
    switch_off();
}

/* Switches off anyway when the answer does not come. */
static void limit_sync(struct init *init)
{
    handle_t timer;
    if (sys_timer_create(PLACE_HIGH, &timer) != OK)
        return;
    if (server_bind(&init->server, timer, &ending.late) == OK)
        sys_timer_set(timer, clock_monotonic_ns() + SYNC_LIMIT_NS, 0);
}

void power_down(struct init *init, uint32_t how)
{
    if (init->is_ending)
        return;
    init->is_ending = true;
    ending = (struct ending){.synced.done = synced, .late.happened = too_late, .init = init, .how = how};
    const struct service *vfs = service_find(init, VIEW_OF_LITERAL("vfsd"));
    struct vfs_sync_in in = {};
    if (vfs && vfs->state == INIT_STATE_READY &&
        vfs_sync_submit(vfs->root, &in, init->server.endpoint, server_completion_tag(&ending.synced)) == OK)
        limit_sync(init);
    else
        switch_off();
}
