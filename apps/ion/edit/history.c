/* SPDX-License-Identifier: MIT
 * History in memory and in its file (history.h). The file is only appended to, under a lock where the filesystem has one, except
 * when a session that ends makes it shorter: then a new file takes its name, and the others see that it is another. */
#include "edit/history.h"
#include "value/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void remove_entry(struct history *h, size_t i)
{
    free(h->entries[i].text);
    memmove(h->entries + i, h->entries + i + 1, (--h->count - i) * sizeof *h->entries);
}

static void remember(struct history *h, const char *text, size_t size, long long seconds)
{
    while (size && (text[size - 1] == '\n' || text[size - 1] == ' ')) size--;
    while (size && *text == '\n') text++, size--;
    if (!size) return;
    /* Of equal entries the newest stays; of those one after the other, in any case. */
    for (size_t i = h->count; i-- && (!h->keep_duplicates || i + 1 == h->count);)
        if (!strncmp(h->entries[i].text, text, size) && !h->entries[i].text[size]) remove_entry(h, i);
    if (h->limit && h->count >= h->limit) remove_entry(h, 0);
    if (h->count == h->capacity) {
        h->capacity = h->capacity ? h->capacity * 2 : 64;
        h->entries = heap_resize(h->entries, h->capacity * sizeof *h->entries);
    }
    char *copy = heap_alloc(size + 1);
    memcpy(copy, text, size);
    copy[size] = 0;
    h->entries[h->count++] = (struct history_entry){copy, seconds};
}

/* Entries of the file's text; the last one may still be on its way if it has no newline: how much was used. */
static size_t read_entries(struct history *h, const char *text, size_t size)
{
    size_t at = 0;
    long long seconds = 0;
    while (at < size) {
        const char *end = memchr(text + at, '\n', size - at);
        if (!end) break;
        size_t length = (size_t)(end - text) - at;
        if (text[at] == '#') {
            seconds = strtoll(text + at + 1, nullptr, 10);
            at += length + 1;
            continue;
        }
        char *entry = heap_alloc(size - at + 1);
        size_t used = 0;
        for (;;) {
            memcpy(entry + used, text + at, length);
            used += length;
            at += length + 1;
            end = at < size && text[at] == '\t' ? memchr(text + at, '\n', size - at) : nullptr;
            if (!end) break;
            length = (size_t)(end - text) - ++at;
            entry[used++] = '\n';
        }
        remember(h, entry, used, seconds);
        free(entry);
        seconds = 0;
    }
    return at;
}

void history_take_up(struct history *h)
{
    struct stat info;
    int file = h->path ? open(h->path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    if (!fstat(file, &info)) {
        if (info.st_ino != h->file || info.st_size < h->read_until) h->file = info.st_ino, h->read_until = 0;
        size_t size = info.st_size > h->read_until ? (size_t)(info.st_size - h->read_until) : 0;
        char *text = size ? heap_alloc(size) : nullptr;
        ssize_t got = size ? pread(file, text, size, h->read_until) : 0;
        if (got > 0) h->read_until += (off_t)read_entries(h, text, (size_t)got);
        free(text);
    }
    close(file);
}

void history_init(struct history *h, const char *path, size_t limit)
{
    *h = (struct history){.limit = limit, .path = path ? heap_copy(path) : nullptr, .share = true, .timestamps = true};
    history_take_up(h);
}

void history_clear(struct history *h)
{
    while (h->count) free(h->entries[--h->count].text);
}

void history_fini(struct history *h)
{
    history_clear(h);
    free(h->entries);
    free(h->path);
    *h = (struct history){};
}

void history_limit(struct history *h, size_t limit)
{
    h->limit = limit;
    while (limit && h->count > limit) remove_entry(h, 0);
}

void history_file(struct history *h, const char *path)
{
    if (!strcmp(h->path ? h->path : "", path)) return;
    free(h->path);
    h->path = *path ? heap_copy(path) : nullptr;
    h->file = 0, h->read_until = 0;
    history_take_up(h);
}

void history_note(const struct history *h, const char *line)
{
    int file = h->path ? open(h->path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    if (file < 0) return;
    dprintf(file, "%s\n", line);
    close(file);
}

/* The entry as the file has it. */
static char *encode(const struct history *h, const struct history_entry *entry, size_t *out_size)
{
    size_t size = strlen(entry->text), rows = 0, used = 0;
    for (const char *at = entry->text; (at = strchr(at, '\n')); at++) rows++;
    char *text = heap_alloc(size + rows + 40);
    if (h->timestamps && entry->seconds) used = (size_t)snprintf(text, 32, "#%lld\n", entry->seconds);
    for (const char *at = entry->text; *at; at++) {
        text[used++] = *at;
        if (*at == '\n') text[used++] = '\t';
    }
    text[used++] = '\n';
    *out_size = used;
    return text;
}

void history_add(struct history *h, const char *text, size_t size, long long seconds)
{
    while (size && (*text == ' ' || *text == '\n' || *text == '\t')) text++, size--;
    if (!size || *text == '#') return;
    if (h->share) history_take_up(h);
    remember(h, text, size, seconds);
    if (!h->count || !h->path) return;
    size_t bytes;
    char *encoded = encode(h, &h->entries[h->count - 1], &bytes);
    int file = open(h->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) {
        flock(file, LOCK_EX);
        struct stat info;
        bool alone = !fstat(file, &info) && info.st_size == h->read_until && (info.st_ino == h->file || !h->read_until);
        ssize_t done = write(file, encoded, bytes);
        /* Our own line need not be read again, unless somebody else's came between. */
        if (alone && done == (ssize_t)bytes) h->read_until += done, h->file = info.st_ino;
        close(file);
    }
    free(encoded);
}

void history_trim_file(struct history *h, size_t lines)
{
    struct history all;
    if (!h->path) return;
    history_init(&all, h->path, 0);
    all.timestamps = h->timestamps;
    /* Rewriting costs; a quarter more than wanted may gather, and as many repeated lines. */
    if (all.count > lines + lines / 4) {
        char *path = heap_alloc(strlen(h->path) + 16);
        snprintf(path, strlen(h->path) + 16, "%s.%d", h->path, getpid());
        FILE *file = fopen(path, "we");
        for (size_t i = all.count - lines; file && i < all.count; i++) {
            size_t bytes;
            char *encoded = encode(&all, &all.entries[i], &bytes);
            fwrite(encoded, 1, bytes, file);
            free(encoded);
        }
        if (file && (fclose(file) || chmod(path, 0600) || rename(path, h->path))) unlink(path);
        free(path);
    }
    history_fini(&all);
}

static bool matches(const char *entry, const char *text, size_t size, enum history_match how, const char *except)
{
    if (except && !strcmp(entry, except)) return false;
    if (how == HISTORY_PREFIX) return !strncmp(entry, text, size);
    return memmem(entry, strlen(entry), text, size) != nullptr;
}

size_t history_find_back(const struct history *h, size_t before, const char *text, size_t size, enum history_match how, const char *except)
{
    for (size_t i = before < h->count ? before : h->count; i--;)
        if (matches(h->entries[i].text, text, size, how, except)) return i;
    return h->count;
}

size_t history_find_on(const struct history *h, size_t after, const char *text, size_t size, enum history_match how, const char *except)
{
    for (size_t i = after + 1; i < h->count; i++)
        if (matches(h->entries[i].text, text, size, how, except)) return i;
    return h->count;
}
