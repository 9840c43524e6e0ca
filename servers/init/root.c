/* SPDX-License-Identifier: MIT
 * Which filesystem is the system's root. A unit that says `root` serves volumes that may hold a system: each is asked (fs.root) before
 * it is mounted, and the first that says so is mounted at `/`. The base system, whose unit says `base PATH`, waits for
 * the devices; it is the root when no volume is, and stays reachable at PATH when one is.
 * `root=memory` on the kernel's command line: no volume is asked. Any other `root=` goes to the volumes' servers as an argument: which one
 * is meant is theirs to say. All of it belongs to init's one loop. */
#include "base/fmt.h"
#include "protocol/fs.h"
#include "service.h"
#include "sys/log.h"

enum : uint32_t { ROOT_HOLDS_SYSTEM = 4 }; /* fs.root's flags */

static void asked(struct server *s, struct completion *self, const struct message *reply)
{
    struct service *service = container_of(self, struct service, asked);
    struct init *init = service->init;
    struct fs_root_out out;
    (void)s;
    service->is_asking = false;
    service->is_asked = reply->result != ERR_PEER_GONE; /* its successor is asked again */
    if (reply->result == OK) {
        fs_root_completion(reply, &out);
        if (out.flags & ROOT_HOLDS_SYSTEM && !init->root) {
            init->root = service;
            fmt(service->unit.mount, sizeof service->unit.mount, "/");
            log_info("%s holds the system's root", service->unit.name.text);
        }
    }
    services_start_waiting(init);
}

static void ask(struct service *service)
{
    struct init *init = service->init;
    service->asked.done = asked;
    enum status status = fs_root_submit(service->root, &(struct fs_root_in){.name_space = SPAN_OF_ARRAY(service->root_name)}, init->server.endpoint,
                                        server_completion_tag(&service->asked));
    service->is_asking = status == OK;
    service->is_asked = status != OK;
    if (status != OK)
        log_error("%s: cannot be asked whether it holds the root: %s", service->unit.name.text, status_sentence(status));
}

static bool will_not_come(const struct service *service)
{
    return service->is_late || !service->is_wanted || service->state == INIT_STATE_STOPPED ||
           (service->state == INIT_STATE_BACKOFF && service->restarts > 1);
}

/* Every device was found, and every volume has said what it holds. */
static bool all_said(const struct init *init)
{
    for (uint32_t i = 0; i < init->service_count; i++) {
        const struct service *service = &init->services[i];
        bool counts = !service->unit.is_device && (service->is_instance || service->unit.may_attach);
        if (!counts || will_not_come(service))
            continue;
        if (service->state != INIT_STATE_READY || (service->unit.may_be_root && !service->is_asked))
            return false;
    }
    return true;
}

bool root_lets_mount(struct service *service)
{
    struct init *init = service->init;
    if (init->root_is_memory)
        return true;
    if (service->unit.may_be_root && !service->is_asked) {
        if (!service->is_asking)
            ask(service);
        return service->is_asked;
    }
    if (!service->unit.base[0])
        return true;
    if (init->root)
        fmt(service->unit.mount, sizeof service->unit.mount, "%s", service->unit.base);
    else if (!all_said(init))
        return false;
    else if (init->root_is_named)
        log_error("no volume is the root that root= names; the system in memory is");
    init->root_is_memory = !init->root;
    return true;
}

void root_failed(struct init *init)
{
    init->root = nullptr;
    init->root_is_memory = true;
    for (uint32_t i = 0; i < init->service_count; i++) {
        struct service *service = &init->services[i];
        if (!service->unit.base[0])
            continue;
        fmt(service->unit.mount, sizeof service->unit.mount, "/");
        service->is_mounting = service->is_mounted = service->is_refused = false;
    }
}

void root_configure(struct init *init, struct view wish)
{
    init->root_is_memory = view_equal(wish, VIEW_OF_LITERAL("root=memory"));
    init->root_is_named = !init->root_is_memory;
    for (uint32_t i = 0; i < init->service_count; i++)
        if (init->services[i].unit.may_be_root && unit_add_argument(&init->services[i].unit, wish) != OK)
            log_warning("%.*s: too long", (int)wish.length, (const char *)wish.data);
}
