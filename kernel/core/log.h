/* SPDX-License-Identifier: MIT
 * The kernel log: a ring in memory that OBJECT_LOG reads, and the serial port until (and beside) ttyd. Never blocks;
 * usable from any place but NMI. Lines get "[seconds.micros] " in front. */
#pragma once
#include "base/span.h"

enum log_level { LOG_ERROR = 0, LOG_WARNING = 1, LOG_INFO = 2, LOG_DEBUG = 3 };
void log_at(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
void log_text(enum log_level level, struct view text); /* one line from a process */
/* Copies log bytes from absolute position *position on (0: the oldest kept) and moves it; 0: nothing new. */
size_t log_read(uint64_t *position, struct span to);
void log_set_level(enum log_level most);
/* From now on nobody waits for the log's lock: before output from NMI or panic, where its holder may never go on. */
void log_emergency(void);
