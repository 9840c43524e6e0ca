/* SPDX-License-Identifier: MIT
 * Interrupt vectors: which number means what. 0x20..0x2f are left to the old interrupt controllers, which are masked. */
#pragma once
#include "base/types.h"

enum : uint32_t {
    VECTOR_DEVICE_FIRST = 0x30, VECTOR_DEVICE_LAST = 0xef,
    VECTOR_TIMER = 0xf0, VECTOR_RESCHEDULE = 0xf1, VECTOR_SHOOTDOWN = 0xf2, VECTOR_SPURIOUS = 0xff,
};
/* Before its end of interrupt: masks a level-triggered line, which would come again at once; nothing for others. */
void vector_quiet(uint32_t vector);
void shootdown_answer(void); /* kernel/mm */
