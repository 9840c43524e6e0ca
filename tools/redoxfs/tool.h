/* SPDX-License-Identifier: MIT
 * What the verbs of the tool share: the image that is open, how they complain, and the verbs themselves. Each verb gets its words
 * (words[0] is its name) and answers the exit status: 0 well, 1 something is wrong in the volume, 2 it could not be done. */
#pragma once
#include "redoxfs/slots.h"
#include "redoxfs/write.h"
#include <stdio.h>

extern struct redoxfs fs;
extern int failures;

const char *sentence(enum status status);
[[noreturn]] void die(const char *which, const char *what);
void complain(const char *which, const char *what);
uint64_t parse_size(const char *text); /* bytes, or with K, M, G; anything else ends the program */
int usage(void);                      /* of the verb that runs; answers 2 */

/* -- image.c: `path` is a file or a block device */
extern const char *password_file;     /* --password-file: its first line; null: asked for on the terminal */
void image_open(const char *path, bool writable);
/* The disk alone; `bytes` not 0: made, or made so long. */
struct redoxfs_disk image_disk(const char *path, bool writable, uint64_t bytes);
/* Cuts a file off; a device stays as it is. */
void image_cut(const char *path, uint64_t bytes);
struct redoxfs_memory image_memory(void);
/* For the volume that image_open has opened. */
struct redoxfs_write_options image_options(void);
/* Commits, and gives back everything; a failure ends the program. */
void image_commit(const char *path);
struct view password_read(const char *prompt, bool twice);
void random_fill(struct span to);
struct redoxfs_time time_now(void);

typedef int tool_verb(int count, char **words);
tool_verb tool_resize, tool_list, tool_ls, tool_cat, tool_extract, tool_mkfs, tool_fsck, tool_scrub, tool_password, tool_debug;
