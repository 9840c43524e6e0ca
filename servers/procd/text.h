/* SPDX-License-Identifier: MIT
 * Text that is made when somebody reads it, in the formats that ps, top, free and uptime parse. A text that does not fit ends
 * early; `needed` tells. Owner: whoever gives the buffer. */
#pragma once
#include "base/fmt.h"
#include "base/types.h"

struct text { char *data; size_t size, used; };
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One function for each kind of file; `slot` is 0 for those that belong to no process. */
typedef void text_maker(struct text *t, uint32_t slot);
text_maker text_process_stat, text_process_status, text_process_cmdline, text_process_comm, text_process_statm,
    text_process_limits, text_process_maps, text_process_wchan;
text_maker text_meminfo, text_cpuinfo, text_uptime, text_loadavg, text_version, text_stat, text_filesystems, text_hostname,
    text_osrelease, text_ostype, text_pid_max, text_boot_id, text_uuid, text_system_version, text_swaps, text_domain, text_devices,
    text_overcommit, text_max_map_count, text_command_line;
