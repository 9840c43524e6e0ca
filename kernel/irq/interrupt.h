/* SPDX-License-Identifier: MIT
 * Interrupts as objects: a line of the I/O APIC, or a message vector of a device. Each firing sets EVENT_SIGNALLED and coalesces in
 * whatever is bound to it. A level-triggered line is masked until its driver acknowledges it. */
#pragma once
#include "kernel/core/object.h"

enum status interrupt_create_line(uint32_t gsi, bool level, bool active_low, struct object **out);
enum status interrupt_create_message(struct object **out, uint64_t *out_address, uint32_t *out_data);
void interrupt_acknowledge(struct object *o);
