/* SPDX-License-Identifier: MIT
 * The image: a file or a block device as the library's disk, and what only the build machine has: passwords, chance, time. */
#include "redoxfs/cipher.h"
#include "tool.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

struct redoxfs fs;
const char *password_file;
static int image = -1;

static enum status read_blocks(void *context, uint64_t block, struct span to)
{
    (void)context;
    return pread(image, to.data, to.length, (off_t)(block * REDOXFS_BLOCK_BYTES)) == (ssize_t)to.length ? OK : ERR_IO;
}

static enum status write_blocks(void *context, uint64_t block, struct view from)
{
    (void)context;
    ssize_t put = pwrite(image, from.data, from.length, (off_t)(block * REDOXFS_BLOCK_BYTES));
    if (put < 0 && (errno == ENOSPC || errno == EDQUOT))
        return ERR_NO_SPACE;
    return put == (ssize_t)from.length ? OK : ERR_IO;
}

static enum status flush_blocks(void *context)
{
    (void)context;
    return fdatasync(image) == 0 ? OK : ERR_IO;
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

struct redoxfs_memory image_memory(void)
{
    return (struct redoxfs_memory){.allocate = allocate, .release = release};
}

struct redoxfs_disk image_disk(const char *path, bool writable, uint64_t bytes)
{
    image = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | (bytes ? O_CREAT : 0), 0666);
    if (image < 0)
        die(path, strerror(errno));
    off_t size = lseek(image, 0, SEEK_END); /* a device's size too */
    if (bytes && size < (off_t)bytes && ftruncate(image, (off_t)bytes) != 0)
        die(path, strerror(errno));
    uint64_t length = MAX((uint64_t)size, bytes);
    return (struct redoxfs_disk){.read = read_blocks, .write = write_blocks, .flush = flush_blocks, .block_count = length / REDOXFS_BLOCK_BYTES};
}

void image_cut(const char *path, uint64_t bytes)
{
    struct stat facts;
    if (fstat(image, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size > (off_t)bytes && ftruncate(image, (off_t)bytes) != 0)
        die(path, strerror(errno));
}

static struct redoxfs_secret secret = {.cipher = &redoxfs_cipher};

struct redoxfs_write_options image_options(void)
{
    return (struct redoxfs_write_options){.memory = image_memory(), .secret = fs.cipher ? &secret : nullptr};
}

/* In the clear first: most volumes are, and nobody is asked for what is not needed. */
void image_open(const char *path, bool writable)
{
    struct redoxfs_disk disk = image_disk(path, writable, 0);
    enum status status = redoxfs_open(disk, &fs);
    bool is_encrypted = status == ERR_NOT_SUPPORTED;
    if (is_encrypted) {
        if (!secret.password.data)
            secret.password = password_read("password: ", false);
        status = redoxfs_open_secret(disk, &secret, &fs);
    }
    struct redoxfs_write_options options = image_options();
    if (status == OK && writable)
        status = redoxfs_open_writable(disk, &options, &fs);
    if (is_encrypted && status == ERR_NO_ACCESS)
        die(path, "wrong password");
    if (status == ERR_BAD_FORMAT)
        die(path, "no RedoxFS volume (version 8) here");
    if (status != OK)
        die(path, sentence(status));
}

void image_commit(const char *path)
{
    enum status status = redoxfs_commit(&fs);
    if (status != OK)
        die(path, sentence(status));
    redoxfs_close(&fs);
}

static char *read_line(FILE *from)
{
    char *line = nullptr;
    size_t size = 0;
    ssize_t length = getline(&line, &size, from);
    if (length < 0)
        die("password", "none was given");
    line[strcspn(line, "\n")] = 0;
    return line;
}

static char *ask_terminal(const char *prompt)
{
    struct termios before, silent;
    FILE *terminal = fopen("/dev/tty", "r+");
    if (!terminal || tcgetattr(fileno(terminal), &before) != 0)
        die("password", "there is no terminal to ask on; use --password-file");
    fputs(prompt, terminal);
    fflush(terminal);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
    char *line = read_line(terminal);
    tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    fputc('\n', terminal);
    fclose(terminal);
    return line;
}

struct view password_read(const char *prompt, bool twice)
{
    char *line;
    if (!password_file) {
        line = ask_terminal(prompt);
        if (twice && strcmp(line, ask_terminal("again: ")) != 0)
            die("password", "the two are not the same");
    } else if (strcmp(password_file, "-") == 0) {
        line = read_line(stdin);
    } else {
        FILE *file = fopen(password_file, "r");
        if (!file)
            die(password_file, strerror(errno));
        line = read_line(file);
        fclose(file);
    }
    return (struct view){(uint8_t *)line, strlen(line)};
}

void random_fill(struct span to)
{
    if (getrandom(to.data, to.length, 0) != (ssize_t)to.length)
        die("chance", strerror(errno));
}

struct redoxfs_time time_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (struct redoxfs_time){(uint64_t)now.tv_sec, (uint32_t)now.tv_nsec};
}
