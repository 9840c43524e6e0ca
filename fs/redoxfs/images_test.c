/* SPDX-License-Identifier: MIT
 * Whole images made by another implementation, when MH_REDOXFS_IMAGES names a folder with NAME.img and NAME.manifest.tsv (unpacked).
 * A manifest's line: path, type, mode, uid, gid, links, size, blocks, node, three times, SHA-256 of the contents or of a link's target. */
#include "redoxfs/check.h"
#include "redoxfs/write.h"
#include "unit/unit.h"
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sha256 { uint32_t state[8]; uint8_t block[64]; uint64_t bytes; };

static uint32_t rotate(uint32_t x, unsigned by)
{
    return x >> by | x << (32 - by);
}

/* The first 64 primes' cube roots give the constants: computed, because a table of 64 numbers says less. */
static uint32_t round_constant(unsigned i)
{
    static uint32_t table[64];
    for (unsigned prime = 2, found = 0; table[63] == 0 && found < 64; prime++) {
        bool is_prime = true;
        for (unsigned d = 2; d * d <= prime; d++)
            is_prime = is_prime && prime % d;
        if (!is_prime)
            continue;
        unsigned __int128 target = (unsigned __int128)prime << 96, root = 0; /* the root times 2^32 */
        for (int bit = 35; bit >= 0; bit--) {
            unsigned __int128 with = root | (unsigned __int128)1 << bit;
            if (with * with * with <= target)
                root = with;
        }
        table[found++] = (uint32_t)root;
    }
    return table[i];
}

static void sha256_block(struct sha256 *s)
{
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)s->block[4 * i] << 24 | (uint32_t)s->block[4 * i + 1] << 16 | (uint32_t)s->block[4 * i + 2] << 8 | s->block[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
               (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(v, s->state, sizeof v);
    for (unsigned i = 0; i < 64; i++) {
        uint32_t a = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + round_constant(i) + w[i];
        uint32_t b = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += a;
        v[0] = a + b;
    }
    for (int i = 0; i < 8; i++)
        s->state[i] += v[i];
}

static void sha256_add(struct sha256 *s, const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        s->block[s->bytes++ % 64] = data[i];
        if (s->bytes % 64 == 0)
            sha256_block(s);
    }
}

static void sha256_text(struct sha256 *s, char out[65])
{
    uint64_t bits = s->bytes * 8;
    uint8_t length[8], zero = 0;
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    sha256_add(s, &(uint8_t){0x80}, 1);
    while (s->bytes % 64 != 56)
        sha256_add(s, &zero, 1);
    sha256_add(s, length, sizeof length);
    for (int i = 0; i < 8; i++)
        sprintf(out + 8 * i, "%08x", s->state[i]);
}

static struct sha256 sha256_start(void)
{
    return (struct sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

TEST(sha256_of_abc_is_the_published_one)
{
    char text[65];
    struct sha256 s = sha256_start();
    sha256_add(&s, (const uint8_t *)"abc", 3);
    sha256_text(&s, text);
    CHECK_TEXT(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static struct redoxfs fs;

/* An image in memory, so that it can be changed. */
static struct { uint8_t *bytes; uint64_t blocks; } image;

static enum status read_image(void *context, uint64_t block, struct span to)
{
    (void)context;
    memcpy(to.data, image.bytes + block * REDOXFS_BLOCK_BYTES, to.length);
    return OK;
}

static enum status write_image(void *context, uint64_t block, struct view from)
{
    (void)context;
    memcpy(image.bytes + block * REDOXFS_BLOCK_BYTES, from.data, from.length);
    return OK;
}

static enum status flush_image(void *context)
{
    (void)context;
    return OK;
}

static struct redoxfs_disk image_disk(void)
{
    return (struct redoxfs_disk){.read = read_image, .write = write_image, .flush = flush_image, .block_count = image.blocks};
}

static void *allocate(void *context, size_t bytes)
{
    (void)context;
    return malloc(bytes);
}

static void release(void *context, void *block, size_t bytes)
{
    (void)context, (void)bytes;
    free(block);
}

static enum status open_for_changes(void)
{
    return redoxfs_open_writable(image_disk(), &(struct redoxfs_write_options){.memory = {allocate, release, nullptr}}, &fs);
}

static enum status find(char *path, struct redoxfs_node *out)
{
    uint32_t id = REDOXFS_ROOT;
    enum status status = redoxfs_node_read(&fs, id, out);
    for (char *name = strtok(path, "/"); name && status == OK; name = strtok(nullptr, "/")) {
        status = redoxfs_lookup(&fs, out, (struct view){(uint8_t *)name, strlen(name)}, &id);
        if (status == OK)
            status = redoxfs_node_read(&fs, id, out);
    }
    return status;
}

static void contents_hash(const struct redoxfs_node *node, char out[65])
{
    static uint8_t bytes[50000]; /* no multiple of anything, so that reads begin and end inside records */
    struct sha256 s = sha256_start();
    size_t got = 1;
    for (uint64_t at = 0; got; at += got) {
        if (!CHECK(redoxfs_read(&fs, node, at, SPAN_OF_ARRAY(bytes), &got) == OK))
            break;
        sha256_add(&s, bytes, got);
    }
    sha256_text(&s, out);
}

static void newlines_back(char *path)
{
    for (char *at; (at = strstr(path, "\\n"));) {
        *at = '\n';
        memmove(at + 1, at + 2, strlen(at + 2) + 1);
    }
}

/* "path" and the 11 facts behind it as the manifest writes them, without the checksum. */
static void describe(const struct redoxfs_node *n, char *out, size_t size)
{
    uint16_t type = n->mode & REDOXFS_TYPE;
    const char *name = type == REDOXFS_FILE ? "file" : type == REDOXFS_DIRECTORY ? "dir" : type == REDOXFS_LINK ? "symlink" : "sock";
    snprintf(out, size, "%s\t%o\t%u\t%u\t%u\t%" PRIu64 "\t%" PRIu64 "\t%u\t%" PRIu64 ".%09u\t%" PRIu64 ".%09u\t%" PRIu64 ".%09u", name,
             n->mode & 07777u, n->uid, n->gid, n->links, n->size_bytes, n->blocks, n->id, n->create.seconds, n->create.ns,
             n->modify.seconds, n->modify.ns, n->access.seconds, n->access.ns);
}

static bool root_may_differ; /* something was put into it */

static void compare_line(char *line)
{
    static struct redoxfs_node node;
    char got[512], hash[65];
    char *facts = strchr(line, '\t'), *wanted_hash = strrchr(line, '\t');
    if (!CHECK(facts && facts < wanted_hash))
        return;
    *facts++ = 0;
    *wanted_hash++ = 0;
    newlines_back(line);
    if (!CHECK(find(line, &node) == OK))
        return;
    describe(&node, got, sizeof got);
    if (node.id != REDOXFS_ROOT || !root_may_differ)
        CHECK_TEXT(got, facts);
    if (strcmp(wanted_hash, "-") == 0)
        return;
    contents_hash(&node, hash);
    CHECK_TEXT(hash, wanted_hash);
}

static uint64_t compare_lines(const char *manifest)
{
    FILE *lines = fopen(manifest, "r");
    char *line = nullptr;
    size_t size = 0;
    uint64_t count = 0;
    if (!CHECK(lines))
        return 0;
    for (ssize_t length; (length = getline(&line, &size, lines)) > 0;) {
        if (line[0] == '#')
            continue;
        line[strcspn(line, "\n")] = 0;
        compare_line(line);
        count++;
    }
    free(line);
    fclose(lines);
    return count;
}

static uint64_t count_entries(uint32_t id)
{
    struct redoxfs_node node;
    struct redoxfs_cursor cursor = {0};
    struct redoxfs_entry entry;
    uint64_t count = 0;
    CHECK_OK(redoxfs_node_read(&fs, id, &node));
    if ((node.mode & REDOXFS_TYPE) != REDOXFS_DIRECTORY)
        return 0;
    while (redoxfs_directory_next(&fs, &node, &cursor, &entry) == OK)
        count += 1 + count_entries(entry.id);
    return count;
}

static void print_problem(void *context, const struct redoxfs_problem *p)
{
    printf("%s: node %u: %s %" PRIu64 "\n", (const char *)context, p->node, p->what, p->number);
}

static void check_image(char *name)
{
    struct redoxfs_check check = {.fs = &fs, .state = calloc(fs.block_count, 1), .names = calloc(fs.block_count, sizeof(uint32_t)),
                                  .report = print_problem, .context = name};
    CHECK_OK(redoxfs_check(&check));
    CHECK_EQUAL(check.problems, 0);
    free(check.state);
    free(check.names);
}

/* -- changed ---------------------------------------------------------------------------------------------------------------------- */

enum { ADDED = 100 };
static const struct redoxfs_time now = {1800000000, 7};

static void add_to_root(void)
{
    static uint8_t data[ADDED * 200];
    struct redoxfs_attributes a = {.mode = REDOXFS_FILE | 0600, .now = now};
    char name[16];
    uint32_t id;
    size_t done;
    memset(data, 'd', sizeof data);
    for (int i = 0; i < ADDED; i++) {
        int length = snprintf(name, sizeof name, "added %d", i);
        CHECK_OK(redoxfs_create(&fs, REDOXFS_ROOT, (struct view){(uint8_t *)name, (size_t)length}, &a, &id));
        if (i % 10 == 0)
            CHECK_OK(redoxfs_write(&fs, id, (uint64_t)i, (struct view){data, (size_t)i * 200}, now, &done));
    }
}

static void take_from_root(void)
{
    char name[16];
    for (int i = 0; i < ADDED; i++) {
        int length = snprintf(name, sizeof name, "added %d", i);
        CHECK_OK(redoxfs_unlink(&fs, REDOXFS_ROOT, (struct view){(uint8_t *)name, (size_t)length}, now));
    }
}

/* Everything below a directory, names first seen first. */
static void empty_directory(uint32_t id)
{
    for (;;) {
        struct redoxfs_node node, child;
        struct redoxfs_cursor cursor = {0};
        struct redoxfs_entry entry;
        CHECK_OK(redoxfs_node_read(&fs, id, &node));
        if (redoxfs_directory_next(&fs, &node, &cursor, &entry) != OK)
            return;
        struct view name = {entry.name, entry.name_length};
        CHECK_OK(redoxfs_node_read(&fs, entry.id, &child));
        bool is_directory = (child.mode & REDOXFS_TYPE) == REDOXFS_DIRECTORY;
        if (is_directory)
            empty_directory(entry.id);
        if (!CHECK((is_directory ? redoxfs_rmdir(&fs, id, name, now) : redoxfs_unlink(&fs, id, name, now)) == OK))
            return;
    }
}

static void change(char *name, void (*how)(void))
{
    CHECK_OK(open_for_changes());
    how();
    CHECK_OK(redoxfs_commit(&fs));
    redoxfs_close(&fs);
    CHECK_OK(redoxfs_open(image_disk(), &fs));
    check_image(name);
}

static void empty_root(void)
{
    empty_directory(REDOXFS_ROOT);
}

static void change_image(char *name, const char *manifest, uint64_t lines)
{
    root_may_differ = true;
    change(name, add_to_root);
    CHECK_EQUAL(compare_lines(manifest), lines);
    CHECK_EQUAL(count_entries(REDOXFS_ROOT) + 1, lines + ADDED);
    change(name, take_from_root);
    CHECK_EQUAL(compare_lines(manifest), lines);
    CHECK_EQUAL(count_entries(REDOXFS_ROOT) + 1, lines);
    change(name, empty_root);
    CHECK_EQUAL(count_entries(REDOXFS_ROOT), 0);
    root_may_differ = false;
}

static bool load(const char *path)
{
    struct stat facts;
    int file = open(path, O_RDONLY);
    if (!CHECK(file >= 0 && fstat(file, &facts) == 0))
        return false;
    image.blocks = (uint64_t)facts.st_size / REDOXFS_BLOCK_BYTES;
    image.bytes = malloc((size_t)facts.st_size);
    bool is_read = image.bytes && read(file, image.bytes, (size_t)facts.st_size) == facts.st_size;
    close(file);
    return CHECK(is_read);
}

static void compare_image(char *path)
{
    char manifest[4096];
    snprintf(manifest, sizeof manifest, "%.*s.manifest.tsv", (int)(strlen(path) - strlen(".img")), path);
    if (!load(path))
        return;
    CHECK_OK(redoxfs_open(image_disk(), &fs));
    uint64_t lines = compare_lines(manifest);
    CHECK_EQUAL(count_entries(REDOXFS_ROOT) + 1, lines);
    check_image(path);
    change_image(path, manifest, lines);
    printf("%s: %" PRIu64 " paths compared, as they were and among others\n", path, lines);
    free(image.bytes);
}

TEST(images_read_as_their_manifests_say_before_and_after_changes)
{
    const char *folder = getenv("MH_REDOXFS_IMAGES");
    char pattern[4096];
    glob_t found;
    if (!folder)
        return;
    snprintf(pattern, sizeof pattern, "%s/*.img", folder);
    if (!CHECK(glob(pattern, 0, nullptr, &found) == 0))
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        compare_image(found.gl_pathv[i]);
    globfree(&found);
}
