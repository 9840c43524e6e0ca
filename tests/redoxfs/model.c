/* SPDX-License-Identifier: MIT
 * Random operations, on the volume and on the model. Names come from pools: short ones, ones of every length, ones that all have the
 * same hash; sizes and places come from around the format's boundaries. */
#include "proof/model.h"
#include "proof/disk.h"
#include "proof/tree.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT_NAMES = 60, LONG_NAMES = 60, SAME_HASH_NAMES = 60, MANY_NAMES = 1200, NAMES = SHORT_NAMES + LONG_NAMES + SAME_HASH_NAMES + MANY_NAMES };

static char names[NAMES][REDOXFS_NAME_MAX + 1];

struct run {
    struct proof_random random;
    struct proof_disk disk;
    struct redoxfs fs;
    struct model_tree now, committed;
    uint64_t generation;    /* of the last commit that `committed` is a copy of */
    uint64_t clock, done;
    bool is_exact;          /* no commit was made by an operation since */
};
static struct run r;

/* -- names ------------------------------------------------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t x)
{
    x *= 0x6eed0e9da4d94a4full;
    x ^= (x >> 32) >> (x >> 60);
    return x * 0x6eed0e9da4d94a4full;
}

static uint64_t unmix(uint64_t x)
{
    x *= 0x2f72b4215a3d8cafull;
    x ^= (x >> 32) >> (x >> 60);
    return x * 0x2f72b4215a3d8cafull;
}

static bool is_plain(uint64_t word)
{
    for (int i = 0; i < 8; i++)
        if ((word >> 8 * i & 0xff) - 1 >= 0x7f || (word >> 8 * i & 0xff) == '/')
            return false;
    return true;
}

/* 16 bytes whose two words make the same sum as every other such name: all of one hash. */
static void make_same_hash(char *name, struct proof_random *random)
{
    for (;;) {
        uint64_t first = proof_next(random), sum = 0x1234567812345678, words[2] = {first & 0x7f7f7f7f7f7f7f7f, 0};
        words[1] = unmix(sum ^ mix(0x16f11fe89b0d677c ^ words[0])) ^ 0xb480a793d8e6c86c;
        if (!is_plain(words[0]) || !is_plain(words[1]))
            continue;
        memcpy(name, words, sizeof words);
        return;
    }
}

static void make_names(void)
{
    struct proof_random random = {42};
    for (uint32_t i = 0; i < NAMES; i++) {
        if (i >= SHORT_NAMES + LONG_NAMES && i < SHORT_NAMES + LONG_NAMES + SAME_HASH_NAMES) {
            make_same_hash(names[i], &random);
            continue;
        }
        int length = snprintf(names[i], sizeof names[i], "n%u:", i);
        if (i < SHORT_NAMES || i >= SHORT_NAMES + LONG_NAMES)
            continue;
        uint32_t wanted = i % 3 ? REDOXFS_NAME_MAX - i % 7 : 10 + 4 * (i - SHORT_NAMES);
        for (uint32_t at = (uint32_t)length; at < MIN(wanted, REDOXFS_NAME_MAX); at++)
            names[i][at] = (char)('a' + at % 26);
    }
}

static const char *some_name(void)
{
    static const uint32_t pools[][2] = {{0, SHORT_NAMES}, {SHORT_NAMES, LONG_NAMES}, {SHORT_NAMES + LONG_NAMES, SAME_HASH_NAMES},
                                        {SHORT_NAMES + LONG_NAMES + SAME_HASH_NAMES, MANY_NAMES}};
    uint64_t pool = proof_below(&r.random, 8);
    const uint32_t *p = pools[pool < 4 ? pool : 0];
    return names[p[0] + proof_below(&r.random, p[1])];
}

static struct view view_of(const char *name)
{
    return (struct view){(const uint8_t *)name, strlen(name)};
}

/* -- choices ---------------------------------------------------------------------------------------------------------------------- */

static uint64_t some_place(void)
{
    static const uint64_t edges[] = {0, 0, 100, 3967, 3968, 4096, 8192, 16384, 65536, 131072, 131072 * 2, 131072 * 127, 131072 * 128,
                                     131072ull * 129, 131072ull * 384, 131072ull * (128 + 64 * 256), 131072ull * (128 + 64 * 256 + 65536)};
    uint64_t kind = proof_below(&r.random, 20), edge = edges[proof_below(&r.random, kind ? 9 : sizeof edges / sizeof *edges)];
    uint64_t around = proof_below(&r.random, 7), random = proof_below(&r.random, 9000);
    return kind % 3 == 0 ? edge + random : edge + around < 3 ? edge : edge + around - 3;
}

static bool is_type(const struct model_node *n, uint16_t type)
{
    return n->is_used && (n->mode & REDOXFS_TYPE) == type;
}

/* A node of this type that has a name (or, if wanted, only a hold); UINT32_MAX when there is none. */
static uint32_t some_node(uint16_t type, bool may_be_orphan)
{
    uint32_t from = (uint32_t)proof_below(&r.random, r.now.count);
    for (uint32_t i = 0; i < r.now.count; i++) {
        uint32_t at = (from + i) % r.now.count;
        if (is_type(&r.now.nodes[at], type) && (may_be_orphan || r.now.nodes[at].links))
            return at;
    }
    return UINT32_MAX;
}

static struct redoxfs_time tick(void)
{
    return (struct redoxfs_time){++r.clock, (uint32_t)(r.clock % 1000000000)};
}

/* The model's answer and the volume's; a full disk is believed when it is nearly full, or when records of 32 blocks find no room. */
static bool agree(enum status got, enum status wanted, const char *what)
{
    struct redoxfs_statistics s;
    redoxfs_statistics(&r.fs, &s);
    if (got == ERR_NO_SPACE) {
        if (s.available_blocks > s.blocks / 3)
            proof_failed("%s: full, with %" PRIu64 " of %" PRIu64 " blocks available", what, s.available_blocks, s.blocks);
        return false;
    }
    if (got != wanted)
        proof_failed("%s answered %d and should have answered %d", what, (int)got, (int)wanted);
    r.done += got == OK;
    return got == OK;
}

static void lose_name(uint32_t node)
{
    struct model_node *n = &r.now.nodes[node];
    if (--n->links == 0 && n->holds == 0)
        tree_clear_node(n);
}

/* -- operations ------------------------------------------------------------------------------------------------------------------- */

static void do_create(void)
{
    uint32_t in = some_node(REDOXFS_DIRECTORY, false), id = 0;
    const char *name = some_name();
    static const uint16_t types[] = {REDOXFS_FILE, REDOXFS_FILE, REDOXFS_FILE, REDOXFS_DIRECTORY, REDOXFS_SOCKET};
    struct redoxfs_attributes a = {.mode = (uint16_t)(types[proof_below(&r.random, 5)] | proof_below(&r.random, 07777)),
                                   .uid = (uint32_t)proof_below(&r.random, 3000), .gid = (uint32_t)proof_below(&r.random, 3000), .now = tick()};
    enum status wanted = tree_find_entry(&r.now.nodes[in], name) ? ERR_EXISTS : OK;
    if (!agree(redoxfs_create(&r.fs, r.now.nodes[in].id, view_of(name), &a, &id), wanted, "create"))
        return;
    uint32_t node = tree_add(&r.now, &(struct model_node){.mode = a.mode, .id = id, .uid = a.uid, .gid = a.gid, .links = 1, .modify = a.now});
    tree_add_entry(&r.now.nodes[in], name, node);
    r.now.nodes[in].modify = a.now;
}

static void do_symlink(void)
{
    static uint8_t target[4095];
    uint32_t in = some_node(REDOXFS_DIRECTORY, false), id = 0;
    const char *name = some_name();
    size_t length = 1 + (proof_below(&r.random, 4) ? proof_below(&r.random, 100) : proof_below(&r.random, 4095));
    memset(target, 'a' + (int)proof_below(&r.random, 26), length);
    struct redoxfs_attributes a = {.mode = 0777, .uid = 5, .gid = 6, .now = tick()};
    enum status wanted = tree_find_entry(&r.now.nodes[in], name) ? ERR_EXISTS : OK;
    if (!agree(redoxfs_symlink(&r.fs, r.now.nodes[in].id, view_of(name), (struct view){target, length}, &a, &id), wanted, "symlink"))
        return;
    struct model_node link = {.mode = REDOXFS_LINK | 0777, .id = id, .uid = 5, .gid = 6, .links = 1, .modify = a.now};
    tree_write(&link, 0, target, length);
    uint32_t node = tree_add(&r.now, &link);
    tree_add_entry(&r.now.nodes[in], name, node);
    r.now.nodes[in].modify = a.now;
}

static void do_link(void)
{
    uint32_t in = some_node(REDOXFS_DIRECTORY, false), node = some_node(REDOXFS_FILE, true);
    const char *name = some_name();
    if (node == UINT32_MAX)
        return;
    struct redoxfs_time now = tick();
    enum status wanted = tree_find_entry(&r.now.nodes[in], name) ? ERR_EXISTS : r.now.nodes[node].links == 0 ? ERR_NOT_FOUND : OK;
    if (!agree(redoxfs_link(&r.fs, r.now.nodes[in].id, view_of(name), r.now.nodes[node].id, now), wanted, "link"))
        return;
    tree_add_entry(&r.now.nodes[in], name, node);
    r.now.nodes[node].links++;
    r.now.nodes[in].modify = now;
}

/* A name that is there, most of the time. */
static const char *name_in(const struct model_node *directory)
{
    if (directory->entry_count == 0 || proof_below(&r.random, 10) == 0)
        return some_name();
    return directory->entries[proof_below(&r.random, directory->entry_count)].name;
}

static void do_unlink(void)
{
    uint32_t in = some_node(REDOXFS_DIRECTORY, false);
    const char *name = name_in(&r.now.nodes[in]);
    const struct model_entry *entry = tree_find_entry(&r.now.nodes[in], name);
    const struct model_node *node = entry ? &r.now.nodes[entry->node] : nullptr;
    bool of_directory = node && proof_below(&r.random, 10) ? is_type(node, REDOXFS_DIRECTORY) : proof_below(&r.random, 2);
    struct redoxfs_time now = tick();
    enum status wanted = !node ? ERR_NOT_FOUND : is_type(node, REDOXFS_DIRECTORY) != of_directory ? (of_directory ? ERR_NOT_DIRECTORY : ERR_IS_DIRECTORY)
                         : node->entry_count ? ERR_NOT_EMPTY : OK;
    enum status got = of_directory ? redoxfs_rmdir(&r.fs, r.now.nodes[in].id, view_of(name), now)
                                   : redoxfs_unlink(&r.fs, r.now.nodes[in].id, view_of(name), now);
    if (got == ERR_NO_SPACE)
        proof_failed("no space to delete");
    if (!agree(got, wanted, "unlink"))
        return;
    uint32_t lost = entry->node;
    tree_remove_entry(&r.now.nodes[in], name);
    r.now.nodes[in].modify = now;
    lose_name(lost);
}

static bool is_below(uint32_t place, uint32_t top)
{
    if (place == top)
        return true;
    const struct model_node *n = &r.now.nodes[top];
    for (uint32_t i = 0; i < n->entry_count; i++)
        if (is_type(&r.now.nodes[n->entries[i].node], REDOXFS_DIRECTORY) && is_below(place, n->entries[i].node))
            return true;
    return false;
}

/* node, other: those of the two names, UINT32_MAX for none. */
static enum status rename_answer(uint32_t from, uint32_t to, uint32_t node, uint32_t other, enum redoxfs_rename how)
{
    if (node == UINT32_MAX || (how == REDOXFS_EXCHANGE && other == UINT32_MAX))
        return ERR_NOT_FOUND;
    if (how == REDOXFS_NO_REPLACE && other != UINT32_MAX)
        return ERR_EXISTS;
    if (node == other)
        return OK;
    bool is_directory = is_type(&r.now.nodes[node], REDOXFS_DIRECTORY);
    bool other_is = other != UINT32_MAX && is_type(&r.now.nodes[other], REDOXFS_DIRECTORY);
    if (from != to && is_directory && is_below(to, node))
        return ERR_INVALID;
    if (how == REDOXFS_EXCHANGE)
        return from != to && other_is && is_below(from, other) ? ERR_INVALID : OK;
    if (other != UINT32_MAX && is_directory != other_is)
        return other_is ? ERR_IS_DIRECTORY : ERR_NOT_DIRECTORY;
    return other_is && r.now.nodes[other].entry_count ? ERR_NOT_EMPTY : OK;
}

static void do_rename(void)
{
    uint32_t from = some_node(REDOXFS_DIRECTORY, false), to = proof_below(&r.random, 2) ? from : some_node(REDOXFS_DIRECTORY, false);
    const char *name = name_in(&r.now.nodes[from]), *new_name = proof_below(&r.random, 2) ? name_in(&r.now.nodes[to]) : some_name();
    enum redoxfs_rename how = (enum redoxfs_rename)MIN(proof_below(&r.random, 6), 5ull);
    how = how > REDOXFS_EXCHANGE ? REDOXFS_REPLACE : how;
    struct model_entry *entry = tree_find_entry(&r.now.nodes[from], name), *target = tree_find_entry(&r.now.nodes[to], new_name);
    uint32_t node = entry ? entry->node : UINT32_MAX, other = target ? target->node : UINT32_MAX;
    struct redoxfs_time now = tick();
    enum status wanted = rename_answer(from, to, node, other, how);
    if (!agree(redoxfs_rename(&r.fs, r.now.nodes[from].id, view_of(name), r.now.nodes[to].id, view_of(new_name), how, now), wanted, "rename") ||
        node == other)
        return;
    r.now.nodes[from].modify = r.now.nodes[to].modify = now;
    if (how == REDOXFS_EXCHANGE) {
        entry->node = other;
        target->node = node;
        return;
    }
    if (target)
        target->node = node;
    else
        tree_add_entry(&r.now.nodes[to], new_name, node);
    tree_remove_entry(&r.now.nodes[from], name);
    if (other != UINT32_MAX)
        lose_name(other);
}

static void do_write(void)
{
    static uint8_t data[300000];
    uint32_t node = some_node(REDOXFS_FILE, true);
    if (node == UINT32_MAX)
        return;
    struct model_node *n = &r.now.nodes[node];
    uint64_t offset = proof_below(&r.random, 2) ? n->size : some_place();
    size_t length = (size_t)MIN(1 + some_place() % 300000, sizeof data), bytes = 0;
    uint8_t value = (uint8_t)proof_below(&r.random, 256);
    for (size_t i = 0; i < length; i++)
        data[i] = (uint8_t)(value ? value + i / 512 * (i & 1) : 0); /* some are all zeros */
    struct redoxfs_time now = tick();
    if (!agree(redoxfs_write(&r.fs, n->id, offset, (struct view){data, length}, now, &bytes), OK, "write"))
        return;
    tree_write(n, offset, data, bytes);
    n->modify = now;
}

static void do_truncate(void)
{
    uint32_t node = some_node(REDOXFS_FILE, true);
    if (node == UINT32_MAX)
        return;
    uint64_t size = some_place();
    struct redoxfs_time now = tick();
    if (!agree(redoxfs_truncate(&r.fs, r.now.nodes[node].id, size, now), OK, "truncate"))
        return;
    tree_truncate(&r.now.nodes[node], size);
    r.now.nodes[node].modify = now;
}

static void do_set(void)
{
    uint32_t node = (uint32_t)proof_below(&r.random, r.now.count);
    if (!r.now.nodes[node].is_used)
        return;
    struct model_node *n = &r.now.nodes[node];
    struct redoxfs_node from = {.mode = (uint16_t)proof_below(&r.random, 07777), .uid = (uint32_t)proof_below(&r.random, 9), .gid = 7, .modify = tick()};
    if (!agree(redoxfs_set(&r.fs, n->id, REDOXFS_SET_MODE | REDOXFS_SET_OWNER | REDOXFS_SET_MODIFY, &from), OK, "set"))
        return;
    n->mode = (uint16_t)((n->mode & REDOXFS_TYPE) | from.mode);
    n->uid = from.uid;
    n->modify = from.modify;
}

static void do_hold(void)
{
    uint32_t node = (uint32_t)proof_below(&r.random, r.now.count);
    struct model_node *n = &r.now.nodes[node];
    if (!n->is_used || is_type(n, REDOXFS_DIRECTORY))
        return;
    if (n->holds && proof_below(&r.random, 3)) {
        MUST(redoxfs_unhold(&r.fs, n->id));
        if (--n->holds == 0 && n->links == 0)
            tree_clear_node(n);
    } else if (n->links) {
        MUST(redoxfs_hold(&r.fs, n->id));
        n->holds++;
    }
}

/* -- mounting --------------------------------------------------------------------------------------------------------------------- */

static void let_go(struct model_tree *t)
{
    for (uint32_t i = 0; i < t->count; i++) {
        t->nodes[i].holds = 0;
        if (t->nodes[i].is_used && t->nodes[i].links == 0)
            tree_clear_node(&t->nodes[i]);
    }
}

static void mount(void)
{
    struct redoxfs_write_options options = proof_options();
    options.dirty_bytes = 4 << 20;
    options.cache_bytes = 64 << 10; /* little, so that blocks go and come back */
    MUST(redoxfs_open(proof_disk_of(&r.disk), &r.fs));
    if (proof_check(&r.fs, "before mounting"))
        proof_failed("the check found problems");
    MUST(redoxfs_open_writable(proof_disk_of(&r.disk), &options, &r.fs));
    r.generation = r.fs.generation;
    r.is_exact = true;
}

static void commit(void)
{
    MUST(redoxfs_commit(&r.fs));
    tree_copy(&r.committed, &r.now);
    r.generation = r.fs.generation;
    r.is_exact = true;
}

static void remount(void)
{
    bool is_crash = r.is_exact && proof_below(&r.random, 3) == 0;
    if (!is_crash)
        commit();
    redoxfs_close(&r.fs);
    if (proof_memory_in_use)
        proof_failed("%" PRIu64 " bytes were not given back", proof_memory_in_use);
    tree_copy(&r.now, &r.committed);
    let_go(&r.now);
    mount();
    tree_compare(&r.now, &r.fs);
    commit();
}

static void step(void)
{
    static void (*const operations[])(void) = {do_create, do_create, do_create, do_symlink, do_link, do_unlink, do_unlink, do_rename, do_rename,
                                               do_write, do_write, do_write, do_truncate, do_set, do_hold, do_unlink};
    operations[proof_below(&r.random, sizeof operations / sizeof *operations)]();
    if (r.fs.generation != r.generation)
        r.is_exact = false;
    if (proof_below(&r.random, 60) == 0)
        commit();
}

uint64_t model_run(const struct model_options *o)
{
    make_names();
    proof_compresses = o->seed % 2;
    r = (struct run){.random = {o->seed}};
    proof_disk_init(&r.disk, o->blocks);
    proof_format(&r.disk, 0);
    tree_add(&r.now, &(struct model_node){.mode = REDOXFS_DIRECTORY | 0755, .id = REDOXFS_ROOT, .links = 1, .modify = {1700000000, 1}});
    mount();
    commit();
    for (uint64_t i = 1; i <= o->operations; i++) {
        step();
        if (i % o->operations_per_mount == 0)
            remount();
        if (o->verbose && i % 100000 == 0)
            printf("%" PRIu64 " operations, %" PRIu64 " of them done, generation %" PRIu64 "\n", i, r.done, r.fs.generation);
    }
    remount();
    redoxfs_close(&r.fs);
    uint64_t done = r.done;
    tree_clear(&r.now);
    tree_clear(&r.committed);
    proof_disk_fini(&r.disk);
    return done;
}
