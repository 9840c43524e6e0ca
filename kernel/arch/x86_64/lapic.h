/* SPDX-License-Identifier: MIT
 * The local APIC of the CPU that runs, and messages to others'. lapic_setup once, then lapic_enable on each CPU. */
#pragma once
#include "base/types.h"

void lapic_setup(uint64_t physical);
void lapic_enable(void);
bool lapic_is_on(void);
uint32_t lapic_id(void);
void lapic_timer_use(bool deadline);     /* TSC deadline, or the counter */
void lapic_timer_measure(void);          /* starts counting down from UINT32_MAX */
void lapic_timer_start(uint32_t count);  /* 0: off */
uint32_t lapic_timer_left(void);
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, uint32_t page);
