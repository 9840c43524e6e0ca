/* SPDX-License-Identifier: MIT
 * A plain compressor for the proofs: the shortest thing that makes LZ4 blocks with matches in them. What a volume that people use is
 * compressed with is the mounter's choice. */
#include "proof/disk.h"
#include <string.h>

enum { MATCH_MIN = 4, TAIL = 12, TABLE = 4096, DISTANCE_MAX = 65535 };

struct output { uint8_t *data; size_t at, limit; };

static void put(struct output *o, uint8_t byte)
{
    if (o->at < o->limit)
        o->data[o->at] = byte;
    o->at++;
}

static void put_more(struct output *o, size_t length)
{
    for (length -= 15; length >= 255; length -= 255)
        put(o, 255);
    put(o, (uint8_t)length);
}

/* match 0: the last sequence, of literals alone. */
static void put_sequence(struct output *o, struct view literals, size_t distance, size_t match)
{
    size_t more = match ? match - MATCH_MIN : 0;
    put(o, (uint8_t)(MIN(literals.length, 15ul) << 4 | MIN(more, 15ul)));
    if (literals.length >= 15)
        put_more(o, literals.length);
    for (size_t i = 0; i < literals.length; i++)
        put(o, literals.data[i]);
    if (!match)
        return;
    put(o, (uint8_t)distance);
    put(o, (uint8_t)(distance >> 8));
    if (more >= 15)
        put_more(o, more);
}

static size_t match_at(struct view from, size_t old, size_t at)
{
    size_t length = 0;
    while (at + length + 5 < from.length && from.data[old + length] == from.data[at + length])
        length++;
    return length;
}

size_t proof_squeeze(void *context, struct view from, struct span to)
{
    (void)context;
    uint32_t table[TABLE] = {0}, word;
    struct output o = {to.data, 0, to.length};
    size_t start = 0;
    for (size_t at = 1, length; at + TAIL < from.length; at += length) {
        memcpy(&word, from.data + at, sizeof word);
        uint32_t *slot = &table[word * 2654435761u >> 20], old = *slot;
        *slot = (uint32_t)at;
        length = at - old <= DISTANCE_MAX ? match_at(from, old, at) : 0;
        if (length >= MATCH_MIN) {
            put_sequence(&o, (struct view){from.data + start, at - start}, at - old, length);
            start = at + length;
        } else {
            length = 1;
        }
    }
    put_sequence(&o, (struct view){from.data + start, from.length - start}, 0, 0);
    return o.at <= o.limit ? o.at : 0;
}
