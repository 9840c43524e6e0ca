/* SPDX-License-Identifier: MIT
 * A service: its unit, its endpoint, which outlives its process, and the state in which it is. All of it belongs to init's one loop.
 *
 * waiting -> started      its dependencies are ready
 * started -> ready        it said so
 * started, ready -> backoff or stopped   its process ended; by its unit's `restart`
 * backoff -> started      its timer fired */
#pragma once
#include "initfs/initfs.h"
#include "protocol/init_server.h"
#include "server/server.h"
#include "unit.h"

#define SERVICES_MAX 48u

struct init;
struct service {
    struct event_handler exited;    /* bound to the process */
    struct event_handler retry;     /* bound to the timer */
    struct completion mounted;      /* vfs.mount */
    struct completion renewed;      /* vfs.renew, after a restart */
    struct completion adopted;      /* proc.adopt */
    struct completion asked;        /* fs.root: does it hold a system? */
    struct completion quieted;      /* pci.enable(off) on its device, before it starts again */
    struct init *init;
    struct unit unit;
    handle_t endpoint, root;        /* HANDLE_NONE without a scheme */
    handle_t name_space, own;       /* own: its handle "init" */
    handle_t process, timer;
    handle_t device;                /* of an instance: what it drives; HANDLE_NONE for others */
    uint64_t mount_request, unmount_request; /* disks.c: who waits for it to be ready, for its end; 0: nobody */
    uint64_t process_id, exit_status, started_ns;
    uint32_t state;                 /* INIT_STATE_* */
    uint32_t restarts;              /* in a row, for the backoff; and in all: */
    uint32_t restarts_total;
    uint32_t number;                /* of an instance: its device's among its like */
    bool is_adopted;                /* procd was told of this process */
    bool is_instance, is_late;      /* late: too long not ready; nobody waits for it any more */
    bool is_asking, is_asked;
    bool is_refused;                /* its mount failed, and nothing has changed since */
    uint8_t root_name[64];          /* fs.root's answer, which nobody looks at */
    bool is_quieting, is_due;       /* due: its retry waits only for its device to be quiet */
    bool is_mounting, is_mounted, is_wanted;     /* wanted: by start boot, unit= or the operator */
};

struct init {
    struct server server;
    const struct start_block *block;
    handle_t operator, table;       /* operator: root of "init:" */
    struct initfs archive;
    handle_t archive_object;
    struct service services[SERVICES_MAX];
    uint32_t service_count;
    struct completion adopted;      /* proc.adopt of init itself */
    struct service *root;           /* the volume at /; nullptr: none, or not known yet */
    bool root_is_memory, root_is_named;
    bool is_adopted, is_ending;
};

/* Endpoint, root, namespace and the handle "init" of a parsed unit; later starts use the same. Units are prepared one after the other:
 * namespaces name the roots of all, so connect comes after all are prepared. */
enum status service_prepare(struct init *init, struct service *service);
enum status service_connect(struct service *service);
struct service *service_find(struct init *init, struct view name);
/* The handle that a unit's `give NAME` means: init's own by that name, or the root of the scheme. */
handle_t service_handle(struct init *init, const struct unit_name *name);
/* Mounts what can be mounted, and starts every service that is wanted, waiting, and has its dependencies ready. */
void services_start_waiting(struct init *init);
void service_is_ready(struct service *service);
/* Starts an instance of the template `name` ("unit" or "unit:instance"), which takes the device, whatever comes. */
enum status service_attach(struct init *init, struct view name, const struct service *from, handle_t device);
void service_stop(struct service *service, bool again);
/* The instance by that name ("unit:instance"), made when it is not there; EXISTS when it runs, with *out set all the
 * same. A new one has the number of `from`, the instance that asks for it; nullptr: the next of its kind. */
enum status instance_find(struct init *init, struct view name, const struct service *from, struct service **out);
/* The instance's unit, of this template; its server is told its name (instance=) and its number among its like (number=). */
enum status instance_unit(struct service *service, const struct unit *template, struct view instance);
/* It starts, or what runs ends first; takes the device. */
void service_start_with(struct service *service, handle_t device);
/* disks.c */
enum status disks_mount(struct request *rq, struct view text);
enum status disks_unmount(struct request *rq, struct view path);
void disks_ready(struct service *service);
void disks_ended(struct service *service);
/* root.c: may this filesystem be mounted now? Its unit's path is the right one then. `wish`: a word root=... of the command line. */
bool root_lets_mount(struct service *service);
/* The volume could not be mounted: the base system is the root. */
void root_failed(struct init *init);
void root_configure(struct init *init, struct view wish);
/* Syncs the filesystems if there are any, then powers off, reboots or halts; answers once it is under way. */
void power_down(struct init *init, uint32_t how);
extern const struct init_ops init_operations;
