/* SPDX-License-Identifier: MIT
 * The lines that were run, oldest first. The file belongs to all sessions: each appends its lines at once and takes up what others
 * appended. In the file a line of an entry after its first begins with a tab, and `#SECONDS` before an entry is when it was run. */
#pragma once
#include <stddef.h>
#include <sys/types.h>

struct history_entry {
    char *text;
    long long seconds;       /* 0: not known */
};
struct history {
    struct history_entry *entries;
    size_t count, capacity, limit;
    char *path;              /* null: memory only */
    off_t read_until;        /* of the file */
    ino_t file;
    bool share, timestamps, keep_duplicates;
};

void history_init(struct history *history, const char *path, size_t limit);
void history_fini(struct history *history);
/* Into memory and the file. Blank lines at the ends go; an equal earlier entry goes too, unless duplicates are kept. */
void history_add(struct history *history, const char *text, size_t size, long long seconds);
/* What other sessions appended since. */
void history_take_up(struct history *history);
/* The file with at most `lines` entries; called when a session ends. */
void history_trim_file(struct history *history, size_t lines);
void history_clear(struct history *history);
/* At most so many entries in memory; 0: no limit. */
void history_limit(struct history *history, size_t limit);
/* Goes on in another file, whose entries are taken up; empty: in memory only. */
void history_file(struct history *history, const char *path);
/* A line of the file that is no entry: `#...`. */
void history_note(const struct history *history, const char *line);

enum history_match { HISTORY_PREFIX, HISTORY_ANYWHERE };
/* The newest entry before `before` that matches and differs from `except` (may be null); history->count when there is none. */
size_t history_find_back(const struct history *history, size_t before, const char *text, size_t size, enum history_match how, const char *except);
/* The oldest one after `after`. */
size_t history_find_on(const struct history *history, size_t after, const char *text, size_t size, enum history_match how, const char *except);
