/* SPDX-License-Identifier: MIT
 * Unit files: how a service is started and what it may touch. Plain lines `key value...`, # starts a comment. Pure; host-tested.
 *
 *   program PATH               in the initfs                      argument TEXT       one more argument (repeatable)
 *   scheme NAME                init makes its endpoint and root   use NAME...         schemes in its own namespace
 *   give NAME [RIGHT...]       a handle of init's, or a scheme's root; rights read write execute grant debug manage (none: all)
 *   ports NAME BASE COUNT      a range of I/O ports as handle NAME
 *   interrupt NAME LINE [level] [low]
 *   after NAME...              services that must be ready first; `devices`: every instance that was attached so far
 *   restart always|never|reboot (reboot: without it the system cannot go on)
 *   start boot|manual          manual: only by unit=NAME or init's protocol
 *   start device [single]      a template: init.attach starts an instance with the handle `device`; its name is NAME:INSTANCE and
 *                              its scheme's SCHEME.INSTANCE; single: the plain names, and there is one
 *   allow attach|power...      it may start instances; it may end the system
 *   mount PATH [TOKEN]         its root (or the resource of that token) is a filesystem, mounted there; % in an instance's path: the number
 *                              of its device among those of the same driver
 *   root                       its volumes may hold a system: each is asked, and the first that does is mounted at / (root.c)
 *   base PATH                  waits for the devices before it is mounted; here, when another is mounted at /
 *   limit memory|handles|contexts N[K|M|G]   most that it may take: it runs in a group of its own
 *   limit cpu N             percent of one CPU
 *   priority N */
#pragma once
#include "base/span.h"

#define UNIT_NAME_BYTES 24u
#define UNIT_LIST_MAX 12u
#define UNIT_LIMITS 4u

struct unit_name { char text[UNIT_NAME_BYTES]; };
struct unit_give { struct unit_name name; uint32_t rights; };
struct unit_ports { struct unit_name name; uint32_t base, count; };
struct unit_interrupt { struct unit_name name; uint32_t line, flags; }; /* flags: HARDWARE_LINE_* */

struct unit {
    struct unit_name name, scheme;
    char program[128];
    char arguments[256];            /* zero-terminated each; the first is the name */
    uint32_t arguments_bytes;
    uint32_t give_count, use_count, after_count, port_count, interrupt_count;
    struct unit_give gives[UNIT_LIST_MAX];
    struct unit_name uses[UNIT_LIST_MAX], after[UNIT_LIST_MAX];
    struct unit_ports ports[4];
    struct unit_interrupt interrupts[4];
    bool restarts, is_vital, is_manual; /* vital: its end is the system's, in order */
    bool is_device, is_single;
    bool may_attach, may_power;
    char mount[64];                 /* empty: none */
    uint64_t mount_token;
    bool may_be_root;
    char base[64];                  /* empty: not the base system */
    uint32_t priority;
    bool has_limits;
    uint64_t limits[UNIT_LIMITS];   /* by GROUP_*; UINT64_MAX: none */
};

/* INVALID: out_line says which line is wrong (1 is the first). `name`: the file's, without .unit. */
enum status unit_parse(struct view name, struct view text, struct unit *out, uint32_t *out_line);
/* The unit of one instance of a template. NAME_TOO_LONG: the names do not fit. */
enum status unit_instance(const struct unit *template, struct view instance, struct unit *out);
/* One more argument for the program. INVALID: no room. */
enum status unit_add_argument(struct unit *u, struct view text);
bool unit_name_is(const struct unit_name *name, struct view text);
struct view unit_name_view(const struct unit_name *name);
