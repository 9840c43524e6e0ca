/* SPDX-License-Identifier: MIT
 * init's protocol: services say that they are ready, the operator starts and stops them, some may end the system.
 * Token 0 is the operator's handle ("init:"), token n + 1 the handle of service n. */
#include "base/string.h"
#include "service.h"

#define OPERATOR_TOKEN 0u

static struct init *init_of(const struct request *rq)
{
    return rq->server->context;
}

/* The service that asks; nullptr for the operator. */
static struct service *asking_service(const struct request *rq)
{
    struct init *init = init_of(rq);
    return rq->token >= 1 && rq->token <= init->service_count ? &init->services[rq->token - 1] : nullptr;
}

static enum status named_service(const struct request *rq, struct view name, struct service **out)
{
    if (rq->token != OPERATOR_TOKEN)
        return ERR_NOT_PERMITTED;
    *out = service_find(init_of(rq), name);
    return *out ? OK : ERR_NOT_FOUND;
}

static enum status do_ready(struct request *rq, const struct init_ready_in *in, struct init_ready_out *out)
{
    (void)in, (void)out;
    struct service *service = asking_service(rq);
    if (!service)
        return ERR_NOT_PERMITTED;
    service_is_ready(service);
    return OK;
}

static enum status do_start(struct request *rq, const struct init_start_in *in, struct init_start_out *out)
{
    (void)out;
    struct service *service;
    TRY(named_service(rq, in->name, &service));
    if (service->state != INIT_STATE_STOPPED && service->state != INIT_STATE_WAITING)
        return ERR_BUSY;
    service->is_wanted = true;
    service->state = INIT_STATE_WAITING;
    services_start_waiting(init_of(rq));
    return OK;
}

static enum status do_stop(struct request *rq, const struct init_stop_in *in, struct init_stop_out *out)
{
    (void)out;
    struct service *service;
    TRY(named_service(rq, in->name, &service));
    service_stop(service, false);
    return OK;
}

static enum status do_restart(struct request *rq, const struct init_restart_in *in, struct init_restart_out *out)
{
    (void)out;
    struct service *service;
    TRY(named_service(rq, in->name, &service));
    service_stop(service, true);
    return OK;
}

static enum status do_list(struct request *rq, const struct init_list_in *in, struct init_list_out *out)
{
    struct init *init = init_of(rq);
    if (in->index >= init->service_count)
        return ERR_NOT_FOUND;
    const struct service *service = &init->services[in->index];
    out->service = (struct init_service){.process = service->process_id, .exit_status = service->exit_status,
                                         .state = service->state, .restarts = service->restarts_total};
    static_assert(UNIT_NAME_BYTES == 3 * sizeof(uint64_t));
    memcpy(&out->service.name_0, service->unit.name.text, UNIT_NAME_BYTES);
    return OK;
}

/* The operator, and whom its unit allows it. */
static bool may_power(const struct request *rq)
{
    const struct service *service = asking_service(rq);
    return !service || service->unit.may_power;
}

static enum status do_power(struct request *rq, const struct init_power_in *in, struct init_power_out *out)
{
    (void)out;
    if (!may_power(rq))
        return ERR_NOT_PERMITTED;
    if (in->how > INIT_POWER_HALT)
        return ERR_INVALID;
    power_down(init_of(rq), in->how);
    return OK;
}

static enum status do_attach(struct request *rq, const struct init_attach_in *in, struct init_attach_out *out)
{
    (void)out;
    const struct service *service = asking_service(rq);
    if (!service || service->unit.may_attach)
        return service_attach(init_of(rq), in->name, service, in->device);
    IGNORE(sys_handle_close(in->device));
    return ERR_NOT_PERMITTED;
}

/* vfsd, and whoever else may start instances. */
static enum status do_mount(struct request *rq, const struct init_mount_in *in, struct init_mount_out *out)
{
    (void)out;
    const struct service *service = asking_service(rq);
    return !service || service->unit.may_attach ? disks_mount(rq, in->text) : ERR_NOT_PERMITTED;
}

static enum status do_unmount(struct request *rq, const struct init_unmount_in *in, struct init_unmount_out *out)
{
    (void)out;
    const struct service *service = asking_service(rq);
    return !service || service->unit.may_attach ? disks_unmount(rq, in->path) : ERR_NOT_PERMITTED;
}

const struct init_ops init_operations = {.ready = do_ready, .start = do_start, .stop = do_stop, .restart = do_restart,
                                         .list = do_list, .power = do_power, .attach = do_attach,
                                         .mount = do_mount, .unmount = do_unmount};
