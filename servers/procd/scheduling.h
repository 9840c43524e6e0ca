/* SPDX-License-Identifier: MIT
 * How processes are scheduled, on behalf of those who may say so. */
#pragma once
#include "protocol/proc_server.h"

enum status op_schedule(struct request *rq, const struct proc_schedule_in *in, struct proc_schedule_out *out);
enum status op_schedule_info(struct request *rq, const struct proc_schedule_info_in *in, struct proc_schedule_info_out *out);
