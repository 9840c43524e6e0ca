/* SPDX-License-Identifier: MIT
 * Which blocks are free. Chunks of 32768 blocks have three bitmaps, free, fresh (taken since the last commit) and dying (used by the
 * last commit, not any more); a block in none of them is used by both. Only free blocks are taken, so what the last commit uses stays
 * as it is until the next one stands. A chunk that is all free or all used has no bitmaps. */
#include "base/bits.h"
#include "base/checked.h"
#include "base/try.h"
#include "fs/redoxfs/writer.h"

#define NO_CHUNK UINT32_MAX
#define SCRAP_WORDS 64u
#define GROUP_BLOCKS (1u << REDOXFS_LEVEL_MAX)
#define CHUNK_BYTES (3 * CHUNK_WORDS * sizeof(uint64_t))

static uint64_t chunk_blocks(const struct space *s, uint64_t chunk)
{
    return MIN((uint64_t)CHUNK_BLOCKS, s->blocks - chunk * CHUNK_BLOCKS);
}

enum status space_init(struct space *s, struct redoxfs_memory memory, uint64_t blocks)
{
    *s = (struct space){.memory = memory, .blocks = blocks, .limit = blocks, .touched = NO_CHUNK, .near = {RING_SLOTS + 1, RING_SLOTS + 1, RING_SLOTS + 1}};
    s->chunk_count = (blocks + CHUNK_BLOCKS - 1) / CHUNK_BLOCKS;
    if (s->chunk_count >= NO_CHUNK)
        return ERR_NOT_SUPPORTED;
    s->chunks = memory_take(memory, s->chunk_count * sizeof *s->chunks);
    return s->chunks ? OK : ERR_NO_MEMORY;
}

void space_fini(struct space *s)
{
    for (uint64_t i = 0; s->chunks && i < s->chunk_count; i++)
        memory_give(s->memory, s->chunks[i].free, CHUNK_BYTES);
    memory_give(s->memory, s->chunks, s->chunk_count * sizeof *s->chunks);
    s->chunks = nullptr;
}

/* Bits [from, from + count) of a word. */
static uint64_t mask_of(uint64_t from, uint64_t count)
{
    return (count == 64 ? UINT64_MAX : BIT(count) - 1) << from;
}

/* A range goes by words: for (struct piece p = ...; piece_next(&p);) with p.word and p.mask. */
struct piece { uint64_t at, end, word, mask; };

static bool piece_next(struct piece *p)
{
    if (p->at >= p->end)
        return false;
    uint64_t bit = p->at % 64, count = MIN(64 - bit, p->end - p->at);
    p->word = p->at / 64;
    p->mask = mask_of(bit, count);
    p->at += count;
    return true;
}

static void fill(uint64_t *map, uint64_t from, uint64_t count, bool value)
{
    for (struct piece p = {from, from + count, 0, 0}; piece_next(&p);)
        map[p.word] = value ? map[p.word] | p.mask : map[p.word] & ~p.mask;
}

static bool all_are(const uint64_t *map, uint64_t from, uint64_t count, bool value)
{
    for (struct piece p = {from, from + count, 0, 0}; piece_next(&p);)
        if ((map[p.word] & p.mask) != (value ? p.mask : 0))
            return false;
    return true;
}

/* Gives a chunk its bitmaps. */
static enum status chunk_open(struct space *s, uint64_t number)
{
    struct space_chunk *c = &s->chunks[number];
    if (c->free)
        return OK;
    c->free = memory_take(s->memory, CHUNK_BYTES);
    if (!c->free)
        return ERR_NO_MEMORY;
    c->fresh = c->free + CHUNK_WORDS;
    c->dying = c->fresh + CHUNK_WORDS;
    if (c->free_count)
        fill(c->free, 0, c->free_count, true);
    return OK;
}

/* Notes where fresh and dying blocks are, so that a commit looks nowhere else. */
static void touch(struct space *s, uint64_t number, uint64_t from, uint64_t count)
{
    struct space_chunk *c = &s->chunks[number];
    uint32_t low = (uint32_t)(from / 64), high = (uint32_t)((from + count - 1) / 64 + 1);
    c->low = c->is_touched ? MIN(c->low, low) : low;
    c->high = c->is_touched ? MAX(c->high, high) : high;
    if (c->is_touched)
        return;
    c->is_touched = true;
    c->next_touched = s->touched;
    s->touched = (uint32_t)number;
}

static enum status replay_in_chunk(struct space *s, uint64_t number, uint64_t from, uint64_t count, bool is_free)
{
    struct space_chunk *c = &s->chunks[number];
    uint64_t all = chunk_blocks(s, number);
    if (count == all && !c->free && c->free_count == (is_free ? 0 : all)) {
        c->free_count = is_free ? (uint32_t)all : 0;
    } else {
        TRY(chunk_open(s, number));
        if (!all_are(c->free, from, count, !is_free))
            return ERR_CORRUPT;
        fill(c->free, from, count, is_free);
        c->free_count = (uint32_t)(is_free ? c->free_count + count : c->free_count - count);
    }
    s->free_blocks = is_free ? s->free_blocks + count : s->free_blocks - count;
    return OK;
}

enum status space_replay(struct space *s, uint64_t index, int64_t count)
{
    uint64_t left = count > 0 ? (uint64_t)count : -(uint64_t)count;
    if (left && (index <= RING_SLOTS || !range_fits(index, left, s->blocks)))
        return ERR_CORRUPT;
    while (left) {
        uint64_t from = index % CHUNK_BLOCKS, part = MIN(left, CHUNK_BLOCKS - from);
        TRY(replay_in_chunk(s, index / CHUNK_BLOCKS, from, part, count > 0));
        index += part;
        left -= part;
    }
    return OK;
}

/* The bits of a word from which 2^level set bits begin, at multiples of that. */
static uint64_t runs_in(uint64_t word, uint32_t level)
{
    static const uint64_t begins[] = {UINT64_MAX, 0x5555555555555555, 0x1111111111111111, 0x0101010101010101, 0x0001000100010001,
                                      0x0000000100000001};
    for (uint32_t l = 0; l < level; l++)
        word &= word >> (1u << l) & begins[l + 1];
    return word;
}

/* The word's free blocks that are not part of a whole group, which only the longest records should break. */
static uint64_t scraps_of(uint64_t word)
{
    return word & ~(runs_in(word, REDOXFS_LEVEL_MAX) * (BIT(GROUP_BLOCKS) - 1));
}

static bool find_in_chunk(const struct space_chunk *c, uint64_t from, uint64_t words, uint32_t level, bool only_scraps, uint64_t *out)
{
    uint64_t low = from % 64;
    for (uint64_t word = from / 64; word < words; word++, low = 0) {
        uint64_t bits = only_scraps ? scraps_of(c->free[word]) : c->free[word];
        uint64_t found = bits ? runs_in(bits, level) & UINT64_MAX << low : 0;
        if (found) {
            *out = word * 64 + bit_lowest(found);
            return true;
        }
    }
    return false;
}

static bool is_below(const struct space *s, uint64_t index, uint32_t level)
{
    return range_fits(index, 1ull << level, s->limit);
}

/* From `near` to the end, and then from the start; the chunk of `near` is looked at twice. */
static enum status find_run(struct space *s, uint64_t near, uint32_t level, uint64_t *out)
{
    uint64_t number = near / CHUNK_BLOCKS, from = near % CHUNK_BLOCKS;
    for (uint64_t i = 0; i <= s->chunk_count; i++, from = 0, number = number + 1 < s->chunk_count ? number + 1 : 0) {
        uint64_t first = number * CHUNK_BLOCKS;
        if (s->chunks[number].free_count < 1u << level || first >= s->limit)
            continue;
        TRY(chunk_open(s, number));
        if (find_in_chunk(&s->chunks[number], from, CHUNK_WORDS, level, false, out) && is_below(s, first + *out, level)) {
            *out += first;
            return OK;
        }
    }
    return ERR_NO_SPACE;
}

/* A place between others, a little behind `near` or before it in its chunk, and no further: looking for one must not cost more than it is worth. */
static bool find_scrap(struct space *s, uint64_t near, uint32_t level, uint64_t *out)
{
    uint64_t number = near / CHUNK_BLOCKS;
    const struct space_chunk *c = &s->chunks[number];
    if (level == REDOXFS_LEVEL_MAX || s->scrapless & 1u << level || !c->free)
        return false;
    uint64_t from = near % CHUNK_BLOCKS, words = MIN(from / 64 + SCRAP_WORDS, (uint64_t)CHUNK_WORDS);
    if (!find_in_chunk(c, from, words, level, true, out) && !find_in_chunk(c, 0, from / 64 + 1, level, true, out)) {
        s->scrapless |= (uint8_t)(1u << level); /* until the next commit */
        return false;
    }
    *out += number * CHUNK_BLOCKS;
    return is_below(s, *out, level);
}

enum status space_take(struct space *s, uint32_t level, uint64_t *out_index)
{
    uint64_t index, count = 1ull << level, *near = &s->near[level == 0 ? 0 : level < REDOXFS_LEVEL_MAX ? 1 : 2];
    if (s->hopeless & 1u << level)
        return ERR_NO_SPACE;
    enum status status = find_scrap(s, *near, level, &index) ? OK : find_run(s, *near, level, &index);
    if (status == ERR_NO_SPACE)
        s->hopeless |= (uint8_t)(1u << level);
    TRY(status);
    struct space_chunk *c = &s->chunks[index / CHUNK_BLOCKS];
    fill(c->free, index % CHUNK_BLOCKS, count, false);
    fill(c->fresh, index % CHUNK_BLOCKS, count, true);
    c->free_count -= (uint32_t)count;
    s->free_blocks -= count;
    s->steps++;
    touch(s, index / CHUNK_BLOCKS, index % CHUNK_BLOCKS, count);
    *near = index + count < s->blocks ? index + count : 0;
    *out_index = index;
    return OK;
}

bool space_is_used(const struct space *s, uint64_t index, uint64_t count)
{
    if (index <= RING_SLOTS || !range_fits(index, count, s->blocks))
        return false;
    for (uint64_t at = index; at < index + count; at++) {
        const struct space_chunk *c = &s->chunks[at / CHUNK_BLOCKS];
        uint64_t bit = at % CHUNK_BLOCKS;
        if (c->free ? bitmap_get(c->free, bit) || bitmap_get(c->dying, bit) : c->free_count > 0)
            return false;
    }
    return true;
}

/* Records may lie across two chunks in a hostile volume; then nothing happens to either. */
enum status space_release(struct space *s, uint64_t index, uint64_t count)
{
    uint64_t number = index / CHUNK_BLOCKS, from = index % CHUNK_BLOCKS;
    if (!space_is_used(s, index, count) || !range_fits(from, count, CHUNK_BLOCKS))
        return ERR_CORRUPT;
    TRY(chunk_open(s, number));
    struct space_chunk *c = &s->chunks[number];
    if (all_are(c->fresh, from, count, true)) {
        fill(c->fresh, from, count, false);
        fill(c->free, from, count, true);
        c->free_count += (uint32_t)count;
        s->free_blocks += count;
        s->hopeless = 0;
        s->near[count == 1 ? 0 : count < GROUP_BLOCKS ? 1 : 2] = index;
    } else if (all_are(c->fresh, from, count, false)) {
        fill(c->dying, from, count, true);
        s->dying_blocks += count;
    } else {
        return ERR_CORRUPT;
    }
    s->steps++;
    touch(s, number, from, count);
    return OK;
}

enum status space_ready(struct space *s, uint64_t index)
{
    return index < s->blocks ? chunk_open(s, index / CHUNK_BLOCKS) : OK;
}

void space_commit(struct space *s)
{
    while (s->touched != NO_CHUNK) {
        struct space_chunk *c = &s->chunks[s->touched];
        for (uint32_t i = c->low; i < c->high; i++) {
            c->free_count += bit_count(c->dying[i]);
            c->free[i] |= c->dying[i];
            c->dying[i] = c->fresh[i] = 0;
        }
        c->is_touched = false;
        s->touched = c->next_touched;
    }
    s->free_blocks += s->dying_blocks;
    s->dying_blocks = s->steps = 0;
    s->hopeless = s->scrapless = 0;
}

static void each_run(const uint64_t *map, uint64_t first, uint64_t bits, int64_t sign, space_visit *visit, void *context)
{
    for (uint64_t at = bitmap_find_set(map, bits, 0), end; at < bits; at = bitmap_find_set(map, bits, end)) {
        end = bitmap_find_clear(map, bits, at);
        visit(context, first + at, sign * (int64_t)(end - at));
    }
}

void space_each_change(const struct space *s, space_visit *visit, void *context)
{
    for (uint32_t i = s->touched; i != NO_CHUNK; i = s->chunks[i].next_touched) {
        const struct space_chunk *c = &s->chunks[i];
        uint64_t first = (uint64_t)i * CHUNK_BLOCKS + c->low * 64ull, bits = (c->high - c->low) * 64ull;
        each_run(c->fresh + c->low, first, bits, -1, visit, context);
        each_run(c->dying + c->low, first, bits, 1, visit, context);
    }
}

void space_each_free(const struct space *s, space_visit *visit, void *context)
{
    uint64_t either[CHUNK_WORDS];
    for (uint64_t i = 0; i < s->chunk_count; i++) {
        const struct space_chunk *c = &s->chunks[i];
        if (c->free) {
            for (uint32_t w = 0; w < CHUNK_WORDS; w++)
                either[w] = c->free[w] | c->dying[w];
            each_run(either, i * CHUNK_BLOCKS, chunk_blocks(s, i), 1, visit, context);
        } else if (c->free_count) {
            visit(context, i * CHUNK_BLOCKS, c->free_count);
        }
    }
}

/* -- another size ------------------------------------------------------------------------------------------------------------------- */

/* Room for the chunks of so many blocks; the first `kept` are those that are there. */
static enum status chunks_resize(struct space *s, uint64_t blocks, uint64_t kept)
{
    uint64_t count = (blocks + CHUNK_BLOCKS - 1) / CHUNK_BLOCKS;
    if (count >= NO_CHUNK)
        return ERR_NOT_SUPPORTED;
    struct space_chunk *chunks = memory_take(s->memory, count * sizeof *chunks);
    if (!chunks)
        return ERR_NO_MEMORY;
    memcpy(chunks, s->chunks, kept * sizeof *chunks);
    memory_give(s->memory, s->chunks, s->chunk_count * sizeof *chunks);
    s->chunks = chunks;
    s->chunk_count = count;
    s->blocks = s->limit = blocks;
    s->hopeless = s->scrapless = 0;
    for (uint32_t i = 0; i < ARRAY_LENGTH(s->near); i++)
        s->near[i] = RING_SLOTS + 1;
    return OK;
}

enum status space_grow(struct space *s, uint64_t blocks)
{
    uint64_t old = s->blocks;
    if (old % CHUNK_BLOCKS)
        TRY(chunk_open(s, s->chunk_count - 1));
    TRY(chunks_resize(s, blocks, s->chunk_count));
    return space_replay(s, old, (int64_t)(blocks - old)); /* needs no memory now */
}

bool space_is_free(const struct space *s, uint64_t first)
{
    for (uint64_t number = first / CHUNK_BLOCKS; number < s->chunk_count; number++) {
        const struct space_chunk *c = &s->chunks[number];
        uint64_t all = chunk_blocks(s, number), from = number == first / CHUNK_BLOCKS ? first % CHUNK_BLOCKS : 0;
        if (c->free ? !all_are(c->free, from, all - from, true) : c->free_count != all)
            return false;
    }
    return true;
}

enum status space_cut(struct space *s, uint64_t blocks)
{
    uint64_t kept = (blocks + CHUNK_BLOCKS - 1) / CHUNK_BLOCKS, old = s->blocks, in_last = MIN(old, kept * CHUNK_BLOCKS) - blocks;
    TRY(chunk_open(s, kept - 1));
    for (uint64_t i = kept; i < s->chunk_count; i++) {
        memory_give(s->memory, s->chunks[i].free, CHUNK_BYTES);
        s->chunks[i].free = nullptr; /* all free, and so it needs none, should the next step fail */
    }
    TRY(chunks_resize(s, blocks, kept));
    struct space_chunk *last = &s->chunks[kept - 1];
    fill(last->free, blocks - (kept - 1) * CHUNK_BLOCKS, in_last, false);
    last->free_count -= (uint32_t)in_last;
    s->free_blocks -= old - blocks;
    return OK;
}
