/* SPDX-License-Identifier: MIT
 * The log ring and its copy on the serial port. Positions are absolute byte counts since boot; the ring holds the last RING_BYTES
 * of them. ring_lock (RANK_LOG) guards ring, written and the port, but after log_emergency() nobody waits for it any more. */
#include "kernel/core/log.h"
#include "arch/machine.h"
#include "base/fmt.h"
#include "base/string.h"
#include "kernel/core/lock.h"

#define RING_BYTES (256u * 1024)
#define LINE_BYTES 320u

static struct spinlock ring_lock = SPINLOCK_INIT(RANK_LOG);
static char ring[RING_BYTES];
static uint64_t written;
static enum log_level most_level = LOG_INFO;
static bool emergency;

void log_set_level(enum log_level most) { most_level = most; }
void log_emergency(void) { __atomic_store_n(&emergency, true, __ATOMIC_RELAXED); }

static void put_locked(const char *text, size_t length)
{
    for (size_t done = 0; done < length;) {
        size_t at = written % RING_BYTES;
        size_t part = MIN(length - done, RING_BYTES - at);
        memcpy(&ring[at], text + done, part);
        written += part;
        done += part;
    }
    arch_serial_write(text, length);
}

static void put(const char *text, size_t length)
{
    bool locked = !__atomic_load_n(&emergency, __ATOMIC_RELAXED);
    if (locked)
        spin_lock(&ring_lock);
    put_locked(text, length);
    if (locked)
        spin_unlock(&ring_lock);
}

static size_t put_prefix(char *line, size_t size)
{
    uint64_t micros = arch_time_ns() / 1000;
    size_t length = fmt(line, size, "[%3lu.%06lu] ", micros / 1000000, micros % 1000000);
    return MIN(length, size - 1);
}

static void finish_line(char *line, size_t length)
{
    length = MIN(length, LINE_BYTES - 2);
    line[length] = '\n';
    put(line, length + 1);
}

void log_at(enum log_level level, const char *format, ...)
{
    if (level > most_level)
        return;
    char line[LINE_BYTES];
    size_t length = put_prefix(line, sizeof line);
    va_list arguments;
    va_start(arguments, format);
    length += fmt_v(line + length, sizeof line - length, format, arguments);
    va_end(arguments);
    finish_line(line, length);
}

void log_text(enum log_level level, struct view text)
{
    if (level > most_level)
        return;
    char line[LINE_BYTES];
    size_t length = put_prefix(line, sizeof line);
    size_t part = MIN(text.length, sizeof line - length);
    memcpy(line + length, text.data, part);
    finish_line(line, length + part);
}

size_t log_read(uint64_t *position, struct span to)
{
    GUARD(&ring_lock);
    uint64_t oldest = written > RING_BYTES ? written - RING_BYTES : 0;
    uint64_t from = MIN(MAX(*position, oldest), written);
    size_t length = MIN((uint64_t)to.length, written - from);
    for (size_t done = 0; done < length;) {
        size_t at = (from + done) % RING_BYTES;
        size_t part = MIN(length - done, RING_BYTES - at);
        memcpy(to.data + done, &ring[at], part);
        done += part;
    }
    *position = from + length;
    return length;
}
