/* SPDX-License-Identifier: MIT
 * The path in /dev of an open device, for fstat and for readlink of /proc/self/fd. */
#pragma once
#include "abi/handle.h"
#include "base/span.h"

/* ERR_NOT_SUPPORTED: not a device that knows its name. *out lies in `room` or in the image. */
enum status device_path(handle_t device, struct span room, struct view *out);
