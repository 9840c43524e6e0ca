/* SPDX-License-Identifier: MIT
 * Starting and supervising: what service.h promises. init waits for nobody: what other servers must do for it is submitted. */
#include "base/string.h"
#include "service.h"
#include "base/fmt.h"
#include "loader/loader.h"
#include "protocol/group.h"
#include "protocol/hardware.h"
#include "protocol/pci.h"
#include "protocol/proc.h"
#include "protocol/vfs.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/start.h"

#define BACKOFF_FIRST_NS 100000000ull
#define BACKOFF_LIMIT 7u                  /* doublings: 12.8 s at most */
#define STEADY_NS 10000000000ull          /* one that ran this long begins its backoff anew */
#define DEVICE_LIMIT_NS 60000000000ull    /* how long others wait for an instance to be ready */
#define ROOT_RIGHTS (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_GRANT)

static void service_exited(struct server *s, struct event_handler *self, uint64_t count, uint64_t value);
static void service_retry(struct server *s, struct event_handler *self, uint64_t count, uint64_t value);
static void service_mounted(struct server *s, struct completion *self, const struct message *reply);
static void service_quieted(struct server *s, struct completion *self, const struct message *reply);
static void adopted(struct server *s, struct completion *self, const struct message *reply);
static void adopt_all(struct init *init);
static void mount_all(struct init *init);

static const char *name_of(const struct service *service)
{
    return service->unit.name.text;
}

static bool has_scheme(const struct service *service)
{
    return service->unit.scheme.text[0] != 0;
}

struct service *service_find(struct init *init, struct view name)
{
    for (uint32_t i = 0; i < init->service_count; i++)
        if (unit_name_is(&init->services[i].unit.name, name))
            return &init->services[i];
    return nullptr;
}

static struct service *find_scheme(struct init *init, struct view scheme)
{
    for (uint32_t i = 0; i < init->service_count; i++)
        if (has_scheme(&init->services[i]) && !init->services[i].unit.is_device && unit_name_is(&init->services[i].unit.scheme, scheme))
            return &init->services[i];
    return nullptr;
}

handle_t service_handle(struct init *init, const struct unit_name *name)
{
    if (unit_name_is(name, VIEW_OF_LITERAL("table")))
        return init->table;
    if (unit_name_is(name, VIEW_OF_LITERAL("operator")))
        return init->operator;
    handle_t handle = start_handle(init->block, name->text);
    if (handle != HANDLE_NONE)
        return handle;
    const struct service *service = find_scheme(init, unit_name_view(name));
    return service ? service->root : HANDLE_NONE;
}

/* -- once, before anything runs ---------------------------------------------------------------------------------- */

enum status service_prepare(struct init *init, struct service *service)
{
    service->init = init;
    service->exited.happened = service_exited;
    service->retry.happened = service_retry;
    service->mounted.done = service_mounted;
    service->adopted.done = adopted;
    service->quieted.done = service_quieted;
    service->device = HANDLE_NONE;
    service->endpoint = service->root = service->name_space = service->process = HANDLE_NONE;
    service->is_wanted = !service->unit.is_manual && !service->unit.is_device;
    uint64_t token = (uint64_t)(service - init->services) + 1;
    TRY(server_resource(&init->server, token, ROOT_RIGHTS, 0, STREAM_READ | STREAM_WRITE, &service->own));
    TRY(sys_timer_create(PLACE_HIGH, &service->timer));
    TRY(server_bind(&init->server, service->timer, &service->retry));
    if (!has_scheme(service) || service->unit.is_device)
        return OK;
    TRY(sys_endpoint_create(0, PLACE_HIGH, &service->endpoint));
    return sys_resource_create(service->endpoint, 0, ROOT_RIGHTS, RESOURCE_RESTARTABLE, PLACE_HIGH, STREAM_READ | STREAM_WRITE,
                               &service->root);
}

enum status service_connect(struct service *service)
{
    TRY(sys_namespace_create(HANDLE_NONE, PLACE_HIGH, &service->name_space));
    for (uint32_t i = 0; i < service->unit.use_count; i++) {
        const struct unit_name *scheme = &service->unit.uses[i];
        handle_t root = service_handle(service->init, scheme);
        if (root == HANDLE_NONE)
            log_warning("%s: no scheme %s", name_of(service), scheme->text);
        else
            TRY(sys_namespace_bind(service->name_space, unit_name_view(scheme), root));
    }
    return OK;
}

/* -- starting ---------------------------------------------------------------------------------------------------- */

/* The handles of one start; those made for it alone are closed afterwards. */
struct handle_list {
    struct loader_handle at[START_HANDLES_MAX];
    uint32_t count;
    handle_t made[8];
    uint32_t made_count;
};

static void list_add(struct handle_list *list, const char *name, handle_t handle, uint32_t rights)
{
    if (handle != HANDLE_NONE && list->count < START_HANDLES_MAX)
        list->at[list->count++] = (struct loader_handle){.name = name, .from = handle, .rights = rights};
}

static void list_add_made(struct handle_list *list, const char *name, handle_t handle)
{
    list->made[list->made_count++] = handle;
    list_add(list, name, handle, 0);
}

static enum status add_hardware(struct service *service, struct handle_list *list)
{
    handle_t hardware = start_handle(service->init->block, "hardware");
    for (uint32_t i = 0; i < service->unit.port_count; i++) {
        const struct unit_ports *p = &service->unit.ports[i];
        struct hardware_ports_out out;
        TRY(hardware_ports(hardware, &(struct hardware_ports_in){.base = p->base, .count = p->count, .ports_place = PLACE_HIGH}, &out));
        list_add_made(list, p->name.text, out.ports);
    }
    for (uint32_t i = 0; i < service->unit.interrupt_count; i++) {
        const struct unit_interrupt *line = &service->unit.interrupts[i];
        struct hardware_line_out out;
        TRY(hardware_line(hardware, &(struct hardware_line_in){.number = line->line, .flags = line->flags, .interrupt_place = PLACE_HIGH},
                          &out));
        list_add_made(list, line->name.text, out.interrupt);
    }
    return OK;
}

static void add_given(struct service *service, struct handle_list *list)
{
    struct init *init = service->init;
    list_add(list, "log", start_handle(init->block, "log"), 0);
    list_add(list, "clock", start_handle(init->block, "clock"), 0);
    list_add(list, "init", service->own, 0);
    list_add(list, "endpoint", service->endpoint, 0);
    list_add(list, "device", service->device, 0);
    for (uint32_t i = 0; i < service->unit.give_count; i++) {
        const struct unit_give *give = &service->unit.gives[i];
        handle_t handle = service_handle(init, &give->name);
        if (handle == HANDLE_NONE)
            log_warning("%s: nothing to give by the name of %s", name_of(service), give->name.text);
        list_add(list, give->name.text, handle, give->rights);
    }
}

/* A fresh group for each start: what an ended one has not given back yet is not its successor's. Below ours, and with ours it shares
 * the reserve of memory: it may be on the way to a disk. HANDLE_NONE: no limits, our own group. */
static enum status make_group(const struct service *service, handle_t *out)
{
    handle_t own;
    struct group_create_out made;
    *out = HANDLE_NONE;
    if (!service->unit.has_limits)
        return OK;
    TRY(sys_group_self(PLACE_HIGH, &own));
    enum status status = group_create(own, &(struct group_create_in){.flags = GROUP_RESERVE, .group_place = PLACE_HIGH}, &made);
    IGNORE(sys_handle_close(own));
    TRY(status);
    for (uint32_t i = 0; i < UNIT_LIMITS && status == OK; i++)
        if (service->unit.limits[i] != UINT64_MAX)
            status = group_limit(made.group, &(struct group_limit_in){.which = i, .value = service->unit.limits[i]}, nullptr);
    *out = made.group;
    return status;
}

static enum status spawn(struct service *service, struct handle_list *list)
{
    struct init *init = service->init;
    struct initfs_entry program;
    TRY(initfs_find(&init->archive, view_of_string(service->unit.program), &program));
    add_given(service, list);
    TRY(add_hardware(service, list));
    handle_t group;
    enum status status = make_group(service, &group);
    struct loader_program p = {
        .image = program.data, .object = init->archive_object, .object_offset = program.offset,
        .arguments = {(const uint8_t *)service->unit.arguments, service->unit.arguments_bytes},
        .handles = list->at, .handle_count = list->count, .clock = start_handle(init->block, "clock"),
        .name_space = service->name_space, .group = group, .identity = HANDLE_NONE, .priority = service->unit.priority};
    if (status == OK)
        status = loader_spawn(&p, &service->process);
    if (group != HANDLE_NONE)
        IGNORE(sys_handle_close(group));
    TRY(status);
    status = server_bind(&init->server, service->process, &service->exited);
    if (status == OK)
        status = sys_process_start(service->process, 0, 0);
    if (status != OK) {
        IGNORE(sys_handle_close(service->process));
        service->process = HANDLE_NONE;
    }
    return status;
}

static void schedule_retry(struct service *service)
{
    uint64_t delay = BACKOFF_FIRST_NS << MIN(service->restarts, BACKOFF_LIMIT);
    service->restarts++;
    service->restarts_total++;
    service->state = INIT_STATE_BACKOFF;
    if (sys_timer_set(service->timer, clock_monotonic_ns() + delay, 0) < 0)
        log_error("%s: cannot wait before its next start", name_of(service));
}

static void service_start(struct service *service)
{
    struct handle_list list = {};
    service->started_ns = clock_monotonic_ns();
    enum status status = spawn(service, &list);
    for (uint32_t i = 0; i < list.made_count; i++)
        IGNORE(sys_handle_close(list.made[i]));
    if (status != OK) {
        log_error("%s: cannot start %s: %s", name_of(service), service->unit.program, status_sentence(status));
        service->state = INIT_STATE_STOPPED;
        disks_ended(service);
        if (status == ERR_NO_MEMORY || status == ERR_LIMIT)
            schedule_retry(service);
        return;
    }
    struct process_info info = {};
    IGNORE(sys_process_info(service->process, &info));
    service->process_id = info.id;
    service->state = INIT_STATE_STARTED;
    log_info("%s started", name_of(service));
    if (service->is_instance && !service->is_late)
        sys_timer_set(service->timer, service->started_ns + DEVICE_LIMIT_NS, 0);
    adopt_all(service->init);
}

/* Every instance works, or has shown that it will not soon. */
static bool devices_settled(const struct init *init)
{
    for (uint32_t i = 0; i < init->service_count; i++) {
        const struct service *service = &init->services[i];
        if (!service->is_instance || service->is_late || service->state == INIT_STATE_STOPPED)
            continue;
        bool is_there = service->state == INIT_STATE_READY && (!service->unit.mount[0] || service->is_mounted);
        if (!is_there && !(service->state == INIT_STATE_BACKOFF && service->restarts > 1))
            return false;
    }
    return true;
}

static bool dependencies_ready(struct service *service)
{
    for (uint32_t i = 0; i < service->unit.after_count; i++) {
        if (unit_name_is(&service->unit.after[i], VIEW_OF_LITERAL("devices")) && !devices_settled(service->init))
            return false;
        const struct service *other = service_find(service->init, unit_name_view(&service->unit.after[i]));
        if (other && other->state != INIT_STATE_READY)
            return false;
        if (other && other->unit.mount[0] && !other->is_mounted)
            return false;
    }
    return true;
}

void services_start_waiting(struct init *init)
{
    mount_all(init);
    for (uint32_t i = 0; i < init->service_count && !init->is_ending; i++) {
        struct service *service = &init->services[i];
        bool starts = service->is_wanted && !service->unit.is_device && service->state == INIT_STATE_WAITING;
        if (starts && dependencies_ready(service))
            service_start(service);
    }
}

/* -- ready, and what follows from it ------------------------------------------------------------------------------ */

static void adopted(struct server *s, struct completion *self, const struct message *reply)
{
    (void)s, (void)self;
    if (reply->result < 0)
        log_warning("procd did not adopt a service: %s", status_sentence(reply->result));
}

static bool adopt(struct init *init, handle_t process, struct view name, int32_t parent, struct completion *done)
{
    const struct service *proc = find_scheme(init, VIEW_OF_LITERAL("proc"));
    struct proc_adopt_in in = {.process = process, .parent = parent, .name = name, .flags = PROC_ADOPT_SYSTEM};
    done->done = adopted;
    return proc_adopt_submit(proc->root, &in, init->server.endpoint, server_completion_tag(done)) == OK;
}

/* init becomes process 1, which inherits orphans; the other services are its children. */
static void adopt_init(struct init *init)
{
    handle_t self;
    enum status status = sys_handle_dup(HANDLE_SELF_PROCESS, PLACE_HIGH, 0, 0, 0, &self);
    if (status != OK) {
        log_warning("init cannot be shown as a process: %s", status_sentence(status));
        return;
    }
    init->is_adopted = adopt(init, self, VIEW_OF_LITERAL("init"), 0, &init->adopted);
    IGNORE(sys_handle_close(self));
}

/* Tells procd of every process that it does not know yet. */
static void adopt_all(struct init *init)
{
    const struct service *proc = find_scheme(init, VIEW_OF_LITERAL("proc"));
    if (!proc || proc->state != INIT_STATE_READY)
        return;
    if (!init->is_adopted)
        adopt_init(init);
    for (uint32_t i = 0; i < init->service_count; i++) {
        struct service *service = &init->services[i];
        if (service->process != HANDLE_NONE && !service->is_adopted)
            service->is_adopted = adopt(init, service->process, unit_name_view(&service->unit.name), init->is_adopted ? 1 : 0,
                                        &service->adopted);
    }
}

/* A filesystem is mounted as soon as it and vfsd serve. Once: the mount lives on while its server is restarted. */
static void mount_filesystem(struct service *service, handle_t vfs)
{
    struct init *init = service->init;
    handle_t filesystem = service->root;
    if (service->unit.mount_token != 0 &&
        sys_resource_create(service->endpoint, service->unit.mount_token, ROOT_RIGHTS, RESOURCE_RESTARTABLE, PLACE_HIGH,
                            STREAM_READ | STREAM_WRITE, &filesystem) != OK)
        return;
    struct vfs_mount_in in = {.path = view_of_string(service->unit.mount), .filesystem = filesystem};
    enum status status = vfs_mount_submit(vfs, &in, init->server.endpoint, server_completion_tag(&service->mounted));
    service->is_mounting = status == OK;
    if (status != OK)
        log_error("%s: cannot ask for its mount on %s: %s", name_of(service), service->unit.mount, status_sentence(status));
    if (filesystem != service->root)
        IGNORE(sys_handle_close(filesystem));
}

static void mount_all(struct init *init)
{
    const struct service *vfs = find_scheme(init, VIEW_OF_LITERAL("vfs"));
    if (!vfs || vfs->state != INIT_STATE_READY)
        return;
    for (uint32_t i = 0; i < init->service_count; i++) {
        struct service *service = &init->services[i];
        bool wants = service->state == INIT_STATE_READY && service->unit.mount[0] && !service->is_refused;
        if (wants && !service->is_mounting && !service->is_mounted && root_lets_mount(service))
            mount_filesystem(service, vfs->root);
    }
}

static void service_mounted(struct server *s, struct completion *self, const struct message *reply)
{
    (void)s;
    struct service *service = container_of(self, struct service, mounted);
    service->is_mounting = false;
    if (reply->result < 0) {
        log_error("%s: mount on %s failed: %s", name_of(service), service->unit.mount, status_sentence(reply->result));
        service->is_late = service->is_refused = true; /* nobody shall wait for it */
        if (service == service->init->root)
            root_failed(service->init);
        services_start_waiting(service->init);
        return;
    }
    service->is_mounted = true;
    log_info("%s mounted on %s", name_of(service), service->unit.mount);
    services_start_waiting(service->init);
}

static void service_renewed(struct server *s, struct completion *self, const struct message *reply)
{
    (void)s;
    struct service *service = container_of(self, struct service, renewed);
    if (reply->result < 0)
        log_error("%s: its mount on %s was not renewed: %s", name_of(service), service->unit.mount, status_sentence(reply->result));
}

/* vfsd remembers what the server before said of its files. */
static void renew_mount(struct service *service)
{
    const struct service *vfs = find_scheme(service->init, VIEW_OF_LITERAL("vfs"));
    struct vfs_renew_in in = {.path = view_of_string(service->unit.mount)};
    service->renewed.done = service_renewed;
    if (vfs && vfs_renew_submit(vfs->root, &in, service->init->server.endpoint, server_completion_tag(&service->renewed)) != OK)
        log_error("%s: vfsd cannot be told that it is another", name_of(service));
}

void service_is_ready(struct service *service)
{
    if (service->state != INIT_STATE_STARTED)
        return;
    service->state = INIT_STATE_READY;
    service->is_refused = false;
    if (service->is_mounted)
        renew_mount(service);
    disks_ready(service);
    log_info("%s ready", name_of(service));
    adopt_all(service->init);
    services_start_waiting(service->init);
}

/* -- ending ------------------------------------------------------------------------------------------------------ */

static void log_end(const struct service *service)
{
    if (service->exit_status & EXIT_NO_MEMORY)
        log_error("%s was ended: no memory", name_of(service));
    else if (service->exit_status & EXIT_EXCEPTION)
        log_error("%s died of exception %u", name_of(service), (uint32_t)service->exit_status);
    else
        log_info("%s ended with %d", name_of(service), (int)service->exit_status);
}

/* Its device must not go on writing into memory that is no longer its driver's; the next start waits for this. */
static void device_quiet(struct service *service)
{
    struct pci_enable_in in = {.on = 0};
    service->is_due = false;
    service->is_quieting = service->device != HANDLE_NONE &&
                           pci_enable_submit(service->device, &in, service->init->server.endpoint,
                                             server_completion_tag(&service->quieted)) == OK;
}

static void service_exited(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    (void)count, (void)value;
    struct service *service = container_of(self, struct service, exited);
    struct process_info info = {};
    IGNORE(sys_process_info(service->process, &info));
    IGNORE(sys_unbind(s->endpoint, service->process));
    IGNORE(sys_handle_close(service->process));
    service->process = HANDLE_NONE;
    service->process_id = 0;
    service->is_adopted = false;
    service->exit_status = info.exit_status;
    log_end(service);
    if (service->unit.is_vital && service->is_wanted && !service->init->is_ending) {
        service->state = INIT_STATE_STOPPED;
        log_error("%s is lost, and nobody can take its place: the system starts again", name_of(service));
        power_down(service->init, INIT_POWER_REBOOT);
        return;
    }
    if (!service->unit.restarts || !service->is_wanted || service->init->is_ending) {
        service->state = INIT_STATE_STOPPED;
        disks_ended(service);
        services_start_waiting(service->init);
        return;
    }
    device_quiet(service);
    if (clock_monotonic_ns() - service->started_ns > STEADY_NS)
        service->restarts = 0;
    schedule_retry(service);
    services_start_waiting(service->init);
}

static void service_retry(struct server *s, struct event_handler *self, uint64_t count, uint64_t value)
{
    (void)s, (void)count, (void)value;
    struct service *service = container_of(self, struct service, retry);
    if (service->state == INIT_STATE_STARTED && service->is_instance) {
        log_warning("%s is not ready after %u s; nothing waits for it any more", name_of(service),
                    (uint32_t)(DEVICE_LIMIT_NS / 1000000000));
        service->is_late = true;
        services_start_waiting(service->init);
        return;
    }
    service->is_due = service->is_quieting;
    if (!service->is_quieting && service->state == INIT_STATE_BACKOFF && service->is_wanted && !service->init->is_ending)
        service_start(service);
}

static void service_quieted(struct server *s, struct completion *self, const struct message *reply)
{
    struct service *service = container_of(self, struct service, quieted);
    (void)reply; /* what is not a PCI function does not know how, and need not */
    service->is_quieting = false;
    if (service->is_due)
        service_retry(s, &service->retry, 1, 0);
}

/* -- instances ---------------------------------------------------------------------------------------------------- */

static struct view kind_of(const struct service *s)
{
    struct view kind, instance;
    view_split(unit_name_view(&s->unit.name), ':', &kind, &instance);
    return kind;
}

/* Those of one kind are numbered as they come; what a driver attaches has its driver's number, whoever of several answers first. */
static uint32_t number_for(const struct init *init, const struct service *service, const struct service *from)
{
    uint32_t older = 0;
    if (from && from->is_instance)
        return from->number;
    for (const struct service *other = init->services; other < service; other++)
        older += other->is_instance && view_equal(kind_of(other), kind_of(service));
    return older;
}

/* The first % of its mount path becomes its number: /mnt/0 is on the first disk, /mnt/1 on the second. */
static void number_mount(struct service *service)
{
    struct view path = {(const uint8_t *)service->unit.mount, string_length(service->unit.mount, sizeof service->unit.mount)};
    size_t at = view_find(path, '%');
    if (at == path.length)
        return;
    char rest[sizeof service->unit.mount];
    fmt(rest, sizeof rest, "%s", service->unit.mount + at + 1);
    fmt(service->unit.mount + at, sizeof service->unit.mount - at, "%u%s", service->number, rest);
}

enum status instance_unit(struct service *service, const struct unit *template, struct view instance)
{
    char text[40];
    struct unit unit;
    TRY(unit_instance(template, instance, &unit));
    size_t length = fmt(text, sizeof text, "number=%u", service->number);
    TRY(unit_add_argument(&unit, (struct view){(const uint8_t *)text, length}));
    length = fmt(text, sizeof text, "instance=%.*s", (int)MIN(instance.length, UNIT_NAME_BYTES), (const char *)instance.data);
    TRY(unit_add_argument(&unit, (struct view){(const uint8_t *)text, length}));
    service->unit = unit;
    number_mount(service);
    return OK;
}

static enum status instance_add(struct init *init, const struct service *template, struct view instance, const struct service *from,
                                struct service **out)
{
    if (init->service_count == SERVICES_MAX)
        return ERR_LIMIT;
    struct service *service = &init->services[init->service_count];
    *service = (struct service){.unit.name = template->unit.name};
    service->number = number_for(init, service, from);
    TRY(instance_unit(service, &template->unit, instance));
    TRY(service_prepare(init, service));
    TRY(service_connect(service));
    service->is_instance = true;
    init->service_count++;
    *out = service;
    return OK;
}

enum status instance_find(struct init *init, struct view name, const struct service *from, struct service **out)
{
    struct view unit_name, instance;
    struct unit unit;
    view_split(name, ':', &unit_name, &instance);
    const struct service *template = service_find(init, unit_name);
    if (!template || (!template->unit.is_device && !template->is_instance))
        return ERR_NOT_FOUND;
    TRY(unit_instance(&template->unit, instance, &unit));
    for (uint32_t i = 0; i < init->service_count; i++)
        if (init->services[i].is_instance && unit_name_is(&init->services[i].unit.name, unit_name_view(&unit.name))) {
            *out = &init->services[i];
            return (*out)->state == INIT_STATE_STOPPED || (*out)->state == INIT_STATE_BACKOFF ? OK : ERR_EXISTS;
        }
    return instance_add(init, template, instance, from, out);
}

void service_start_with(struct service *service, handle_t device)
{
    if (service->device != HANDLE_NONE)
        IGNORE(sys_handle_close(service->device));
    service->device = device;
    service->is_wanted = true;
    service->is_late = service->is_refused = false;
    if (service->process != HANDLE_NONE) {
        service_stop(service, true);
        return;
    }
    service->state = INIT_STATE_WAITING;
}

enum status service_attach(struct init *init, struct view name, const struct service *from, handle_t device)
{
    struct service *service;
    enum status status = instance_find(init, name, from, &service);
    if (status != OK) {
        IGNORE(sys_handle_close(device));
        return status;
    }
    service_start_with(service, device);
    services_start_waiting(init);
    return OK;
}

void service_stop(struct service *service, bool again)
{
    service->is_wanted = again;
    if (service->process != HANDLE_NONE)
        IGNORE(sys_process_kill(service->process, 0));
    else if (!again)
        service->state = INIT_STATE_STOPPED;
}
