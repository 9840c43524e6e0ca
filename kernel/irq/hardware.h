/* SPDX-License-Identifier: MIT
 * The kernel's own scheme of cold objects (abi/protocol/hardware.proto): whoever holds the hardware handle makes port ranges,
 * interrupts and physical windows from it and passes them on. Calls on these objects are answered here, without a server. */
#pragma once
#include "abi/boot.h"
#include "kernel/core/object.h"

void hardware_init(const struct boot_info *boot);
enum status hardware_create(struct object **out);
/* A call on an OBJECT_HARDWARE, OBJECT_PORTS or OBJECT_INTERRUPT handle: words in, words out; the result. */
int64_t hardware_call(struct object *o, uint32_t kind, uint64_t *words);
