/* SPDX-License-Identifier: MIT
 * What the shell itself says: to its descriptors, or into what a process expansion catches. */
#include "run/run.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

bool write_all(int file, const char *text, size_t size)
{
    while (size) {
        ssize_t done = write(file, text, size);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return false;
        text += done, size -= (size_t)done;
    }
    return true;
}

void say(struct shell *sh, const char *text, size_t size)
{
    if (sh->caught) buf_bytes(sh->caught, text, size);
    else if (!write_all(1, text, size)) sh->status = 1;
}

[[gnu::format(printf, 1, 0)]] static char *printed(const char *format, va_list arguments, size_t *out_size)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(nullptr, 0, format, again);
    va_end(again);
    char *text = heap_alloc((size_t)size + 1);
    vsnprintf(text, (size_t)size + 1, format, arguments);
    *out_size = (size_t)size;
    return text;
}

void sayf(struct shell *sh, const char *format, ...)
{
    va_list arguments;
    size_t size;
    va_start(arguments, format);
    char *text = printed(format, arguments, &size);
    va_end(arguments);
    say(sh, text, size);
    free(text);
}

void complain(struct shell *sh, const char *format, ...)
{
    va_list arguments;
    size_t size;
    if (sh->muted) return;
    va_start(arguments, format);
    char *text = printed(format, arguments, &size);
    va_end(arguments);
    write_all(2, text, size);
    free(text);
}

unsigned long long random_number(void)
{
    unsigned long long number;
    if (getrandom(&number, sizeof number, 0) == sizeof number) return number;
    static unsigned long long state;
    state = (state ^ (unsigned long long)time(nullptr) ^ (unsigned long long)getpid()) * 6364136223846793005ull + 1442695040888963407ull;
    return state >> 11;
}
