/* SPDX-License-Identifier: MIT
 * Time: the TSC scaled to nanoseconds, and the local APIC's timer as alarm clock. Both are measured once against a counter of known
 * rate (HPET, else the ACPI timer) unless the CPU says its rate. rate.* is constant once clock_init has run; before that time
 * stands at 0. */
#include "acpi/acpi.h"
#include "arch/machine.h"
#include "asm.h"
#include "early.h"
#include "kernel/core/log.h"
#include "kernel/core/panic.h"
#include "kernel/mm/kernel_range.h"
#include "lapic.h"
#include "machine_private.h"
#include "topology.h"

static struct {
    uint64_t base_tsc, hz, multiplier;      /* ns = (tsc - base) * multiplier >> 32 */
    uint64_t timer_hz, timer_multiplier;    /* timer ticks = ns * multiplier >> 32 */
} rate;

uint64_t arch_tsc(void) { return asm_tsc(); }
uint64_t arch_tsc_hz(void) { return rate.hz; }
uint64_t arch_time_multiplier(void) { return rate.multiplier; }
uint64_t arch_time_base_tsc(void) { return rate.base_tsc; }

static uint64_t scale(uint64_t value, uint64_t multiplier) { return (uint64_t)((unsigned __int128)value * multiplier >> 32); }
static uint64_t ratio(uint64_t numerator, uint64_t denominator)
{
    /* numerator / denominator as 32.32, rounded, by long division: both are below 2^35, the quotient below 2^64. */
    uint64_t whole = numerator / denominator, rest = numerator % denominator, fraction = 0;
    for (int bit = 0; bit < 32; bit++) {
        rest <<= 1;
        fraction = fraction << 1 | (rest >= denominator);
        rest -= rest >= denominator ? denominator : 0;
    }
    return whole << 32 | fraction;
}

uint64_t arch_time_ns(void) { return scale(asm_tsc() - rate.base_tsc, rate.multiplier); }

/* -- what time is measured against -- */
enum { HPET_CAPABILITIES = 0, HPET_CONFIGURATION = 0x10, HPET_COUNTER = 0xf0, HPET_ON = 1 };
enum : uint64_t { FEMTOSECONDS = 1000000000000000, NANOSECONDS = 1000000000, ACPI_TIMER_HZ = 3579545 };

struct time_reference { volatile uint64_t *hpet; uint16_t port; uint64_t hz, mask; };

static bool reference_hpet(struct time_reference *out)
{
    struct view table;
    uint64_t address;
    void *mapped;
    if (acpi_find("HPET", &table) != OK || acpi_read_hpet(table, &address) != OK ||
        kernel_range_map(phys(address), PAGE_BYTES, KERNEL_RANGE_UNCACHED, &mapped) != OK)
        return false;
    volatile uint64_t *registers = mapped;
    uint64_t capabilities = registers[HPET_CAPABILITIES / 8], period = capabilities >> 32;
    if (period == 0 || period > 100000000) /* more than 100 ns: the specification forbids it, so it is none */
        return false;
    registers[HPET_CONFIGURATION / 8] |= HPET_ON;
    *out = (struct time_reference){registers, 0, FEMTOSECONDS / period, capabilities & 1u << 13 ? UINT64_MAX : UINT32_MAX};
    return true;
}

static bool reference_acpi_timer(struct time_reference *out)
{
    if (!machine_power.timer_port || machine_power.timer_port > UINT16_MAX)
        return false;
    *out = (struct time_reference){nullptr, (uint16_t)machine_power.timer_port, ACPI_TIMER_HZ,
                                   machine_power.timer_is_32_bit ? UINT32_MAX : 0xffffff};
    return true;
}

static uint64_t reference_read(const struct time_reference *r) { return r->hpet ? r->hpet[HPET_COUNTER / 8] : asm_in32(r->port); }

/* One instant on all three clocks; of several tries the one that took the shortest, so that a pause of ours does not count. */
struct instant { uint64_t tsc, reference, width; uint32_t timer; };
static struct instant sample(const struct time_reference *r)
{
    struct instant best = {.width = UINT64_MAX};
    for (int i = 0; i < 8; i++) {
        uint64_t before = asm_tsc();
        struct instant now = {.reference = reference_read(r), .timer = lapic_timer_left()};
        now.width = asm_tsc() - before;
        now.tsc = before + now.width / 2;
        if (now.width < best.width)
            best = now;
    }
    return best;
}

/* Crystals are whole megahertz; nearer than the measurement's own error means equal. */
static uint64_t rounded_hz(uint64_t hz)
{
    uint64_t whole = (hz + 500000) / 1000000 * 1000000;
    uint64_t distance = hz > whole ? hz - whole : whole - hz;
    return distance * 20000 < hz ? whole : hz;
}

/* As long as the reading's own width asks for, to be right to 20 millionths, between one millisecond (where reading is exact, as in an
 * emulator that counts instructions) and sixteen. */
static struct instant sample_later(const struct time_reference *r, const struct instant *start)
{
    uint64_t shortest = r->hz / 1000, longest = r->hz / 64, elapsed;
    do {
        asm_pause();
        elapsed = reference_read(r) - start->reference & r->mask;
    } while (elapsed < shortest || (elapsed < longest && (asm_tsc() - start->tsc) / 50000 < start->width));
    return sample(r);
}

static void measure(const struct time_reference *r)
{
    lapic_timer_measure();
    struct instant start = sample(r), end = sample_later(r, &start);
    uint64_t ticks = end.reference - start.reference & r->mask;
    rate.hz = rounded_hz((end.tsc - start.tsc) * r->hz / ticks);
    rate.timer_hz = rounded_hz((uint64_t)(start.timer - end.timer) * r->hz / ticks);
    lapic_timer_start(0);
}

/* The CPU's or hypervisor's own word about the TSC's rate; 0 without it. */
static uint64_t stated_hz(void)
{
    if (asm_cpuid(0, 0).eax >= 0x15) {
        struct cpuid_answer a = asm_cpuid(0x15, 0);
        if (a.eax && a.ebx && a.ecx)
            return (uint64_t)a.ecx * a.ebx / a.eax;
    }
    bool hypervisor = asm_cpuid(1, 0).ecx & 1u << 31;
    if (hypervisor && asm_cpuid(0x40000000, 0).eax >= 0x40000010)
        return (uint64_t)asm_cpuid(0x40000010, 0).eax * 1000;
    return 0;
}

void clock_init(void)
{
    struct time_reference reference;
    if (!reference_hpet(&reference) && !reference_acpi_timer(&reference))
        panic("no clock of known rate: neither an HPET nor an ACPI timer");
    measure(&reference);
    uint64_t stated = stated_hz();
    if (stated)
        rate.hz = stated;
    ASSERT(rate.hz > 1000000 && rate.timer_hz > 10000);
    rate.timer_multiplier = ratio(rate.timer_hz, NANOSECONDS);
    rate.base_tsc = boot_information.tsc_at_entry;
    rate.multiplier = ratio(NANOSECONDS, rate.hz);
    log_info("clock: TSC %lu.%06lu MHz, %s timer %lu.%03lu MHz, measured by %s", rate.hz / 1000000, rate.hz % 1000000,
             cpu_features.tsc_deadline ? "deadline" : "one-shot", rate.timer_hz / 1000000, rate.timer_hz / 1000 % 1000,
             reference.hpet ? "HPET" : "ACPI timer");
}

void clock_init_cpu(void) { lapic_timer_use(cpu_features.tsc_deadline); }

/* The first TSC value at which arch_time_ns() has reached this time. */
static uint64_t tsc_at(uint64_t ns)
{
    uint64_t seconds = ns / NANOSECONDS, rest = ns % NANOSECONDS;
    return rate.base_tsc + seconds * rate.hz + rest * (rate.hz / 1000) / 1000000 + 1;
}

void arch_timer_arm(uint64_t deadline_ns)
{
    if (cpu_features.tsc_deadline) {
        bool off = deadline_ns == UINT64_MAX || deadline_ns / NANOSECONDS > UINT32_MAX; /* a century: never */
        asm_write_msr(MSR_TSC_DEADLINE, off ? 0 : tsc_at(deadline_ns));
        return;
    }
    if (deadline_ns == UINT64_MAX) {
        lapic_timer_start(0);
        return;
    }
    uint64_t now = arch_time_ns();
    uint64_t wait = deadline_ns > now ? deadline_ns - now : 0;
    uint64_t ticks = scale(wait, rate.timer_multiplier) + 1; /* never early by rounding */
    lapic_timer_start((uint32_t)MIN(ticks, UINT32_MAX));     /* a far deadline wakes once in between */
}
