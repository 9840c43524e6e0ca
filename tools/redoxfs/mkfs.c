/* SPDX-License-Identifier: MIT
 * Making a volume, empty or from a directory. */
#include "lz4/lz4.h"
#include "redoxfs/cipher.h"
#include "tool.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLACK_BLOCKS 512u /* besides the files' own: the ring, lists, the log, room to change */

static const char *source, *boot_file, *uuid_text;
static uint64_t reserve_bytes;
static bool is_encrypted, is_compressed;

/* -- a tree of files ----------------------------------------------------------------------------------------------- */

struct hard_link { dev_t device; ino_t inode; uint32_t id; };
static void *hard_links;

static int hard_link_compare(const void *a, const void *b)
{
    const struct hard_link *x = a, *y = b;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

/* The node that the same file got before; 0: none, and from now on `id`. */
static uint32_t *hard_link_of(const struct stat *facts)
{
    struct hard_link *link = malloc(sizeof *link);
    if (!link)
        die(source, "out of memory");
    *link = (struct hard_link){facts->st_dev, facts->st_ino, 0};
    struct hard_link **found = tsearch(link, &hard_links, hard_link_compare);
    if (!found)
        die(source, "out of memory");
    if (*found != link)
        free(link);
    return &(*found)->id;
}

static struct redoxfs_time time_of(struct timespec t)
{
    return t.tv_sec < 0 ? (struct redoxfs_time){0} : (struct redoxfs_time){(uint64_t)t.tv_sec, (uint32_t)t.tv_nsec};
}

static void put_facts(const char *path, uint32_t id, const struct stat *facts)
{
    struct redoxfs_node node = {.mode = (uint16_t)(facts->st_mode & 07777), .uid = facts->st_uid, .gid = facts->st_gid,
                                .modify = time_of(facts->st_mtim), .access = time_of(facts->st_atim), .create = time_of(facts->st_mtim)};
    enum status status = redoxfs_set(&fs, id, REDOXFS_SET_MODE | REDOXFS_SET_OWNER | REDOXFS_SET_GROUP | REDOXFS_SET_MODIFY |
                                     REDOXFS_SET_ACCESS | REDOXFS_SET_CREATE, &node);
    if (status != OK)
        die(path, sentence(status));
}

static void put_bytes(const char *path, uint32_t id, off_t at, struct view bytes)
{
    size_t done;
    for (size_t put = 0; put < bytes.length; put += done) {
        enum status status = redoxfs_write(&fs, id, (uint64_t)at + put, (struct view){bytes.data + put, bytes.length - put}, time_now(), &done);
        if (status != OK)
            die(path, sentence(status));
    }
}

/* Holes stay holes. */
static void put_contents(const char *path, int file, uint32_t id, off_t size)
{
    static uint8_t bytes[REDOXFS_RECORD_BYTES_MAX];
    for (off_t at = 0; at < size;) {
        off_t data = lseek(file, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            break;
        if (data > at)
            at = data;
        ssize_t got = pread(file, bytes, sizeof bytes - (size_t)at % sizeof bytes, at);
        if (got < 0)
            die(path, strerror(errno));
        if (got == 0)
            break;
        put_bytes(path, id, at, (struct view){bytes, (size_t)got});
        at += got;
    }
    enum status status = redoxfs_truncate(&fs, id, (uint64_t)size, time_now());
    if (status != OK)
        die(path, sentence(status));
}

static enum status put_file(const char *path, int directory, const char *name, uint32_t parent, struct view stored_name,
                            const struct redoxfs_attributes *a, const struct stat *facts, uint32_t *out_id)
{
    uint32_t *known = facts->st_nlink > 1 ? hard_link_of(facts) : nullptr;
    if (known && *known) {
        *out_id = *known;
        return redoxfs_link(&fs, parent, stored_name, *known, a->now);
    }
    enum status status = redoxfs_create(&fs, parent, stored_name, a, out_id);
    if (status != OK)
        return status;
    int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0)
        die(path, strerror(errno));
    put_contents(path, file, *out_id, facts->st_size);
    close(file);
    if (known)
        *known = *out_id;
    return OK;
}

static enum status put_link(const char *path, int directory, const char *name, uint32_t parent, struct view stored_name,
                            const struct redoxfs_attributes *a, uint32_t *out_id)
{
    char target[4096];
    ssize_t length = readlinkat(directory, name, target, sizeof target);
    if (length < 0)
        die(path, strerror(errno));
    return redoxfs_symlink(&fs, parent, stored_name, (struct view){(uint8_t *)target, (size_t)length}, a, out_id);
}

static void put_directory(const char *path, int directory, uint32_t id);

static void put_entry(const char *path, int directory, const char *name, uint32_t parent)
{
    struct stat facts;
    uint32_t id = 0;
    if (fstatat(directory, name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        die(path, strerror(errno));
    struct view stored_name = {(const uint8_t *)name, strlen(name)};
    struct redoxfs_attributes a = {.mode = (uint16_t)facts.st_mode, .uid = facts.st_uid, .gid = facts.st_gid, .now = time_of(facts.st_mtim)};
    enum status status = OK;
    if (S_ISREG(facts.st_mode))
        status = put_file(path, directory, name, parent, stored_name, &a, &facts, &id);
    else if (S_ISLNK(facts.st_mode))
        status = put_link(path, directory, name, parent, stored_name, &a, &id);
    else if (S_ISDIR(facts.st_mode) || S_ISSOCK(facts.st_mode))
        status = redoxfs_create(&fs, parent, stored_name, &a, &id);
    else
        return complain(path, "a device or named pipe, which the format does not have: left out");
    if (status != OK)
        die(path, sentence(status));
    if (S_ISDIR(facts.st_mode))
        put_directory(path, openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), id);
    put_facts(path, id, &facts);
}

/* Takes over the descriptor. */
static void put_directory(const char *path, int directory, uint32_t id)
{
    DIR *names = directory >= 0 ? fdopendir(directory) : nullptr;
    if (!names)
        die(path, strerror(errno));
    for (struct dirent *entry; (entry = readdir(names));) {
        char *child;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (asprintf(&child, "%s/%s", path, entry->d_name) < 0)
            die(path, "out of memory");
        put_entry(child, directory, entry->d_name, id);
        free(child);
    }
    closedir(names);
}

/* How many blocks the tree takes, without what compression and sharing of names would save. */
static uint64_t tree_blocks(int directory)
{
    DIR *names = directory >= 0 ? fdopendir(directory) : nullptr;
    uint64_t blocks = 2;
    if (!names)
        die(source, strerror(errno));
    for (struct dirent *entry; (entry = readdir(names));) {
        struct stat facts;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(directory, entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        blocks += 2 + (S_ISREG(facts.st_mode) ? (uint64_t)facts.st_blocks / 8 + (uint64_t)facts.st_blocks / 1024 + 1 : 0);
        if (S_ISDIR(facts.st_mode))
            blocks += tree_blocks(openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    }
    closedir(names);
    return blocks;
}

static int open_source(void)
{
    int directory = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        die(source, strerror(errno));
    return directory;
}

/* -- the volume ---------------------------------------------------------------------------------------------------- */

static void parse_uuid(uint8_t out[16])
{
    unsigned at = 0;
    for (const char *c = uuid_text; *c; c++) {
        if (*c == '-')
            continue;
        unsigned byte;
        if (at == 16 || sscanf(c, "%2x", &byte) != 1)
            die(uuid_text, "a UUID has 32 hexadecimal digits");
        out[at++] = (uint8_t)byte;
        c++;
    }
    if (at != 16)
        die(uuid_text, "a UUID has 32 hexadecimal digits");
}

static struct redoxfs_secret secret = {.cipher = &redoxfs_cipher};

static void encrypt(struct redoxfs_format_options *o)
{
    uint8_t salt[16];
    struct view password = secret.password = password_read("password of the new volume: ", true);
    if (password.length == 0)
        die("password", "an empty one protects nothing");
    random_fill(SPAN_OF_ARRAY(o->keys.data));
    random_fill(SPAN_OF_ARRAY(o->keys.tweak));
    random_fill(SPAN_OF_ARRAY(salt));
    o->cipher = &redoxfs_cipher;
    enum status status = redoxfs_slot_seal(&redoxfs_cipher, password, salt, &o->keys, &o->slot);
    if (status != OK)
        die("password", sentence(status));
}

/* The bytes in front, filled with zeros to a whole block. */
static uint64_t write_boot(struct redoxfs_disk *disk)
{
    uint64_t blocks = (reserve_bytes + REDOXFS_BLOCK_BYTES - 1) / REDOXFS_BLOCK_BYTES;
    int file = boot_file ? open(boot_file, O_RDONLY | O_CLOEXEC) : -1;
    if (boot_file && file < 0)
        die(boot_file, strerror(errno));
    for (uint64_t at = 0; file >= 0 && at < blocks; at++) {
        uint8_t block[REDOXFS_BLOCK_BYTES] = {0};
        if (pread(file, block, sizeof block, (off_t)(at * sizeof block)) < 0)
            die(boot_file, strerror(errno));
        if (disk->write(disk->context, at, (struct view){block, sizeof block}) != OK)
            die(boot_file, "cannot be written to the image");
    }
    if (file >= 0)
        close(file);
    return blocks;
}

static void format(const char *image, uint64_t bytes)
{
    struct redoxfs_disk disk = image_disk(image, true, bytes);
    struct redoxfs_format_options o = {.base = write_boot(&disk), .uid = geteuid(), .gid = getegid(), .now = time_now()};
    if (bytes)
        o.block_count = bytes / REDOXFS_BLOCK_BYTES > o.base ? bytes / REDOXFS_BLOCK_BYTES - o.base : 1;
    random_fill(SPAN_OF_ARRAY(o.uuid));
    o.uuid[6] = (uint8_t)((o.uuid[6] & 0x0f) | 0x40); /* version 4, variant 1 */
    o.uuid[8] = (uint8_t)((o.uuid[8] & 0x3f) | 0x80);
    if (uuid_text)
        parse_uuid(o.uuid);
    if (is_encrypted)
        encrypt(&o);
    enum status status = redoxfs_format(disk, &o, &fs);
    if (status == ERR_INVALID)
        die(image, "too small: a volume has at least 300 blocks of 4096 bytes behind what is reserved");
    if (status != OK)
        die(image, sentence(status));
    const struct redoxfs_write_options options = {.memory = image_memory(), .secret = is_encrypted ? &secret : nullptr,
                                                   .compressor = is_compressed ? lz4_encode : nullptr};
    status = source ? redoxfs_open_writable(disk, &options, &fs) : OK;
    if (status != OK)
        die(image, sentence(status));
}

static const struct option option_list[] = {{"reserve", required_argument, nullptr, 'r'}, {"boot", required_argument, nullptr, 'b'},
                                            {"encrypt", no_argument, nullptr, 'e'}, {"uuid", required_argument, nullptr, 'u'},
                                            {"compress", no_argument, nullptr, 'c'}, {0}};

static bool take_options(int count, char **words)
{
    struct stat facts;
    for (int c; (c = getopt_long(count, words, "d:", option_list, nullptr)) != -1;)
        switch (c) {
        case 'd': source = optarg; break;
        case 'r': reserve_bytes = parse_size(optarg); break;
        case 'e': is_encrypted = true; break;
        case 'c': is_compressed = true; break;
        case 'u': uuid_text = optarg; break;
        case 'b':
            boot_file = optarg;
            if (stat(boot_file, &facts) != 0)
                die(boot_file, strerror(errno));
            reserve_bytes = MAX(reserve_bytes, (uint64_t)facts.st_size);
            break;
        default: return false;
        }
    return optind < count && count - optind <= 2;
}

int tool_mkfs(int count, char **words)
{
    if (!take_options(count, words))
        return usage();
    const char *image = words[optind];
    uint64_t bytes = count - optind == 2 ? parse_size(words[optind + 1]) : 0;
    struct stat facts;
    bool is_there = stat(image, &facts) == 0 && (S_ISBLK(facts.st_mode) || facts.st_size >= (off_t)(REDOXFS_BLOCKS_MIN * REDOXFS_BLOCK_BYTES));
    if (!bytes && !is_there) {
        if (!source)
            die(image, "it is not there, so it needs a size");
        uint64_t blocks = tree_blocks(open_source());
        bytes = (blocks + blocks / 8 + SLACK_BLOCKS) * REDOXFS_BLOCK_BYTES + reserve_bytes;
    }
    format(image, bytes);
    if (source) {
        int directory = open_source();
        if (fstat(directory, &facts) != 0)
            die(source, strerror(errno));
        put_directory(source, directory, REDOXFS_ROOT);
        put_facts(source, REDOXFS_ROOT, &facts);
        image_commit(image);
    }
    return failures;
}
