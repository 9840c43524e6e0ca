/* SPDX-License-Identifier: MIT
 * The battery clock (MC146818), read once: what the real-time clock starts from. Taken to be UTC. */
#include "arch/machine.h"
#include "asm.h"
#include "kernel/core/log.h"
#include "machine_private.h"
#include "topology.h"

enum : uint16_t { CMOS_INDEX = 0x70, CMOS_DATA = 0x71 };
enum { CMOS_SECOND = 0, CMOS_MINUTE = 2, CMOS_HOUR = 4, CMOS_DAY = 7, CMOS_MONTH = 8, CMOS_YEAR = 9, CMOS_A = 10, CMOS_B = 11 };
enum { A_UPDATING = 0x80, B_BINARY = 4, B_24_HOURS = 2, HOUR_PM = 0x80, TRIES = 100000 };

static int64_t realtime_offset_ns;
int64_t arch_realtime_offset_ns(void) { return realtime_offset_ns; }

struct cmos_time { uint8_t second, minute, hour, day, month, year, century; };

static uint8_t read_cmos(uint8_t index)
{
    asm_out8(CMOS_INDEX, index);
    return asm_in8(CMOS_DATA);
}

static struct cmos_time read_all(void)
{
    /* An update takes up to 2 ms, during which the registers are not to be read. */
    for (int i = 0; i < TRIES && read_cmos(CMOS_A) & A_UPDATING; i++)
        asm_pause();
    uint8_t century_register = machine_power.century_register;
    return (struct cmos_time){read_cmos(CMOS_SECOND), read_cmos(CMOS_MINUTE), read_cmos(CMOS_HOUR), read_cmos(CMOS_DAY),
                              read_cmos(CMOS_MONTH), read_cmos(CMOS_YEAR), century_register ? read_cmos(century_register) : 0x20};
}

static uint8_t from_bcd(uint8_t v) { return (uint8_t)((v >> 4) * 10 + (v & 15)); }

static struct cmos_time decode(struct cmos_time t, uint8_t mode)
{
    bool afternoon = !(mode & B_24_HOURS) && t.hour & HOUR_PM;
    t.hour &= 0x7f;
    if (!(mode & B_BINARY))
        t = (struct cmos_time){from_bcd(t.second), from_bcd(t.minute), from_bcd(t.hour), from_bcd(t.day),
                               from_bcd(t.month),  from_bcd(t.year),   from_bcd(t.century)};
    if (!(mode & B_24_HOURS))
        t.hour = (uint8_t)(t.hour % 12 + (afternoon ? 12 : 0));
    return t;
}

/* Days from 1 January 1970, in the Gregorian calendar; years begin in March, so that the leap day is the last. */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void cmos_read_clock(void)
{
    struct cmos_time t = decode(read_all(), read_cmos(CMOS_B));
    if (t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31 || t.hour > 23 || t.minute > 59 || t.second > 60) {
        log_warning("cmos: the battery clock makes no sense; time starts at 1970");
        return;
    }
    int64_t year = (t.century ? t.century : 20) * 100 + t.year;
    int64_t seconds = days_since_1970(year, t.month, t.day) * 86400 + t.hour * 3600 + t.minute * 60 + t.second;
    realtime_offset_ns = seconds * 1000000000 - (int64_t)arch_time_ns();
    log_info("cmos: %lu-%02u-%02u %02u:%02u:%02u UTC", (unsigned long)year, t.month, t.day, t.hour, t.minute, t.second);
}
