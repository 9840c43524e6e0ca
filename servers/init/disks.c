/* SPDX-License-Identifier: MIT
 * Filesystems on request: vfsd asks for the server of what a disk holds when somebody mounts it, and says when it is mounted no more. The
 * answer to the first waits until the server is ready, that to the second until it has ended. All of it belongs to init's one loop. */
#include "base/fmt.h"
#include "base/string.h"
#include "service.h"
#include "sys/log.h"

#define DISK_UNIT "disk:" /* its instances hold the disks, whatever drives them */

static enum status disk_of(struct init *init, struct view instance, const struct service **out_disk, handle_t *out)
{
    char name[UNIT_NAME_BYTES];
    size_t length = fmt(name, sizeof name, DISK_UNIT "%.*s", (int)MIN(instance.length, sizeof name), (const char *)instance.data);
    const struct service *disk = service_find(init, (struct view){(const uint8_t *)name, MIN(length, sizeof name)});
    if (!disk || disk->device == HANDLE_NONE)
        return ERR_NO_DEVICE;
    *out_disk = disk;
    return sys_handle_dup(disk->device, PLACE_HIGH, 0, 0, 0, out);
}

/* Each word between commas is an argument of the server. */
static enum status take_options(struct unit *unit, struct view options)
{
    while (options.length > 0) {
        struct view option;
        view_split(options, ',', &option, &options);
        if (option.length > 0)
            TRY(unit_add_argument(unit, option));
    }
    return OK;
}

static enum status instance_prepare(struct init *init, struct view name, struct view instance, const struct service *disk,
                                    const struct unit *template, struct view options, struct service **out)
{
    struct unit unit = *template;
    enum status status = instance_find(init, name, disk, out);
    if (status != OK && status != ERR_EXISTS)
        return status;
    if ((*out)->is_mounted || (*out)->is_mounting || (*out)->mount_request)
        return ERR_BUSY;
    TRY(take_options(&unit, options));
    return instance_unit(*out, &unit, instance);
}

static enum status mount_begin(struct init *init, struct view name, struct view options, struct view path, struct service **out)
{
    struct view unit_name, instance;
    const struct service *disk;
    struct service *service;
    handle_t device;
    view_split(name, ':', &unit_name, &instance);
    const struct service *template = service_find(init, unit_name);
    if (!template || !template->unit.is_device || !template->unit.mount[0] || path.length >= sizeof service->unit.mount)
        return template ? ERR_NAME_TOO_LONG : ERR_NOT_FOUND;
    TRY(disk_of(init, instance, &disk, &device));
    enum status status = instance_prepare(init, name, instance, disk, &template->unit, options, &service);
    if (status != OK) {
        IGNORE(sys_handle_close(device));
        return status;
    }
    fmt(service->unit.mount, sizeof service->unit.mount, "%.*s", (int)path.length, (const char *)path.data);
    service_start_with(service, device);
    *out = service;
    return OK;
}

enum status disks_mount(struct request *rq, struct view text)
{
    struct init *init = rq->server->context;
    struct service *service;
    struct view name, options, path;
    view_split(text, 0, &name, &text);
    view_split(text, 0, &options, &path);
    TRY(mount_begin(init, name, options, path, &service));
    service->mount_request = request_defer(rq);
    services_start_waiting(init);
    return OK;
}

void disks_ready(struct service *service)
{
    if (!service->mount_request)
        return;
    struct init_mount_out out = {.filesystem = service->root};
    service->is_mounted = true; /* by who asked */
    IGNORE(init_mount_reply_lend(service->init->server.endpoint, service->mount_request, OK, &out));
    service->mount_request = 0;
}

enum status disks_unmount(struct request *rq, struct view path)
{
    struct init *init = rq->server->context;
    for (uint32_t i = 0; i < init->service_count; i++) {
        struct service *service = &init->services[i];
        if (!service->is_instance || !service->is_mounted || !view_equal(view_of_string(service->unit.mount), path))
            continue;
        service->is_mounted = false;
        service->unit.mount[0] = 0;
        service_stop(service, false);
        if (service->process != HANDLE_NONE)
            service->unmount_request = request_defer(rq);
        return OK;
    }
    return ERR_NOT_FOUND;
}

void disks_ended(struct service *service)
{
    handle_t endpoint = service->init->server.endpoint;
    if (service->unmount_request)
        IGNORE(init_unmount_reply(endpoint, service->unmount_request, OK, nullptr));
    service->unmount_request = 0;
    if (!service->mount_request || service->state == INIT_STATE_BACKOFF)
        return; /* to make place for the one that was asked for; or it is tried again */
    IGNORE(init_mount_reply_lend(endpoint, service->mount_request, ERR_IO, nullptr));
    service->mount_request = 0;
}
