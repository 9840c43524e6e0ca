/* SPDX-License-Identifier: MIT
 * Registers of a device, as it was mapped: little endian, each access one bus cycle of its width, never merged or dropped. */
#pragma once
#include "base/types.h"

struct mmio { volatile uint8_t *base; uint64_t bytes; }; /* who makes one checks later offsets against bytes */

static inline uint8_t mmio_read8(struct mmio m, uint64_t offset) { return m.base[offset]; }
static inline uint16_t mmio_read16(struct mmio m, uint64_t offset) { return *(volatile uint16_t *)(volatile void *)(m.base + offset); }
static inline uint32_t mmio_read32(struct mmio m, uint64_t offset) { return *(volatile uint32_t *)(volatile void *)(m.base + offset); }
static inline void mmio_write8(struct mmio m, uint64_t offset, uint8_t value) { m.base[offset] = value; }
static inline void mmio_write16(struct mmio m, uint64_t offset, uint16_t value)
{
    *(volatile uint16_t *)(volatile void *)(m.base + offset) = value;
}
static inline void mmio_write32(struct mmio m, uint64_t offset, uint32_t value)
{
    *(volatile uint32_t *)(volatile void *)(m.base + offset) = value;
}
/* Two halves, low first: not every device takes 64 bits at once. */
static inline uint64_t mmio_read64(struct mmio m, uint64_t offset)
{
    uint64_t low = mmio_read32(m, offset);
    return low | (uint64_t)mmio_read32(m, offset + 4) << 32;
}
static inline void mmio_write64(struct mmio m, uint64_t offset, uint64_t value)
{
    mmio_write32(m, offset, (uint32_t)value);
    mmio_write32(m, offset + 4, (uint32_t)(value >> 32));
}
