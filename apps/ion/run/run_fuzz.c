/* SPDX-License-Identifier: MIT
 * Any text runs to its end or to a hard error that has words: parser, expansion, scopes, methods, builtins that touch nothing
 * outside. No program is started and no folder is read; statements, texts and braces are bounded. */
#include "run/run.h"
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>

static bool inside;

/* In place of the C library's, for the fuzzer's own corpus too: the shell sees nothing outside. */
DIR *opendir(const char *path)
{
    int file = inside ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return file < 0 ? nullptr : fdopendir(file);
}

struct passwd *getpwnam(const char *)
{
    return nullptr;
}

struct passwd *getpwuid(uid_t)
{
    return nullptr;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct shell sh;
    clearenv();
    setenv("HOME", "/home/fuzz", 1);
    setenv("PWD", "/", 1);
    shell_init(&sh);
    sh.sandbox = sh.muted = true;
    sh.statements_max = 1000;
    sh.text_max = 1 << 16;
    sh.words_max = 2000;
    struct buf out = buf_make(&sh.caught_arena);
    sh.caught = &out;
    scope_set(&sh.global, "args", value_make(VALUE_ARRAY));
    scope_set(&sh.global, "x", value_string("a b\nc"));
    scope_set(&sh.global, "n", value_string("7"));
    inside = true;
    if (run_text(&sh, "fuzz", (const char *)data, size) == FLOW_ERROR && !*sh.error) abort();
    if (sh.scope != &sh.global || sh.testing || sh.aliases || sh.caught != &out) abort();
    shell_fini(&sh);
    inside = false;
    return 0;
}
