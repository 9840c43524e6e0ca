/* SPDX-License-Identifier: MIT
 * Ours says folder, branch and `$` or `#`; at the right what the command before answered and how long it took, if that is news. */
#include "edit/prompt.h"
#include "expand/expand.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *read_first_line(struct arena *arena, const char *path)
{
    char line[512];
    /* Not blocking: what is called HEAD may be a pipe. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return nullptr;
    ssize_t size = read(file, line, sizeof line - 1);
    close(file);
    if (size <= 0) return nullptr;
    line[size] = 0;
    return arena_copy(arena, line, strcspn(line, "\r\n"));
}

char *git_branch(struct arena *arena, const char *folder)
{
    static const char REF[] = "ref: refs/heads/", GITDIR[] = "gitdir: ";
    struct stat info;
    char *path = arena_print(arena, "%s", folder);
    for (size_t left = strlen(path);;) {
        char *git = arena_print(arena, "%.*s/.git", (int)left, path);
        if (!stat(git, &info)) {
            char *head = S_ISDIR(info.st_mode) ? nullptr : read_first_line(arena, git);
            if (head && !strncmp(head, GITDIR, sizeof GITDIR - 1)) {
                head += sizeof GITDIR - 1;
                git = *head == '/' ? head : arena_print(arena, "%.*s/%s", (int)left, path, head);
            }
            head = read_first_line(arena, arena_print(arena, "%s/HEAD", git));
            if (!head) return nullptr;
            return !strncmp(head, REF, sizeof REF - 1) ? head + sizeof REF - 1 : arena_print(arena, "%.8s", head);
        }
        while (left && path[left - 1] != '/') left--;
        if (!left) return nullptr;
        left--;
    }
}

static char *short_folder(struct arena *arena)
{
    char here[4096];
    const char *pwd = getenv("PWD"), *home = getenv("HOME");
    if (!pwd || *pwd != '/') pwd = getcwd(here, sizeof here) ? here : "?";
    size_t size = home ? strlen(home) : 0;
    if (size > 1 && !strncmp(pwd, home, size) && (pwd[size] == '/' || !pwd[size])) return arena_print(arena, "~%s", pwd + size);
    return arena_print(arena, "%s", pwd);
}

static char *duration(struct arena *arena, long milliseconds)
{
    long seconds = milliseconds / 1000;
    if (seconds < 60) return arena_print(arena, "%ld.%lds", seconds, milliseconds % 1000 / 100);
    if (seconds < 3600) return arena_print(arena, "%ldm%02lds", seconds / 60, seconds % 60);
    return arena_print(arena, "%ldh%02ldm", seconds / 3600, seconds % 3600 / 60);
}

static struct prompt ours(struct shell *sh, long milliseconds, bool plain)
{
    struct arena *arena = &sh->scratch;
    const char *cyan = plain ? "" : "\x1b[36m", *magenta = plain ? "" : "\x1b[35m", *red = plain ? "" : "\x1b[31m", *grey = plain ? "" : "\x1b[90m",
               *off = plain ? "" : "\x1b[0m";
    char *folder = short_folder(arena), here[4096];
    char *branch = getcwd(here, sizeof here) ? git_branch(arena, here) : nullptr;
    char *left = arena_print(arena, "%s%s%s%s%s%s%s%s ", cyan, folder, off, branch ? magenta : "", branch ? " " : "", branch ? branch : "",
                             branch ? off : "", geteuid() ? " $" : " #");
    char *status = sh->status ? arena_print(arena, "%s[%d]%s", red, sh->status, off) : arena_print(arena, "%s", "");
    char *took = milliseconds >= 2000 ? arena_print(arena, "%s%s%s", grey, duration(arena, milliseconds), off) : arena_print(arena, "%s", "");
    return (struct prompt){heap_copy(left), heap_copy(arena_print(arena, "%s%s%s", status, *status && *took ? " " : "", took))};
}

/* The named function's output, or the variable expanded; null when there is neither. */
static char *from_user(struct shell *sh, const char *name)
{
    char *text = nullptr;
    const struct value *value = scope_find(sh->scope, name);
    if (!value) return nullptr;
    int status = sh->status;
    struct word word = word_make(&sh->scratch, arena_print(&sh->scratch, "\"%s\"", value->kind == VALUE_STRING ? value->text : ""));
    struct part call = {.kind = PART_PROCESS, .text = (char *)name, .size = strlen(name)};
    bool good = value->kind == VALUE_FUNCTION ? capture(sh, &call, &text) : expand_string(sh, &word, &text);
    sh->status = status;
    if (good) return text;
    error_forget(sh);
    return arena_print(&sh->scratch, ">>> ");
}

/* What a prompt of the user's wants to know, as variables: the branch (empty: none) and how long the line before took. */
static void tell(struct shell *sh, long milliseconds)
{
    char here[4096];
    char *branch = getcwd(here, sizeof here) ? git_branch(&sh->scratch, here) : nullptr;
    scope_set(&sh->global, "GIT_BRANCH", value_string(branch ? branch : ""));
    scope_set(&sh->global, "CMD_DURATION_MS", value_string(arena_print(&sh->scratch, "%ld", milliseconds < 0 ? 0 : milliseconds)));
}

struct prompt prompt_make(struct shell *sh, long milliseconds, bool plain)
{
    struct arena_mark mark = arena_mark(&sh->scratch);
    tell(sh, milliseconds);
    char *left = from_user(sh, "PROMPT"), *right = from_user(sh, "RPROMPT");
    struct prompt prompt = left ? (struct prompt){heap_copy(left), nullptr} : ours(sh, milliseconds, plain);
    if (right) {
        free(prompt.right);
        prompt.right = heap_copy(right);
    }
    arena_release(&sh->scratch, mark);
    return prompt;
}

void prompt_fini(struct prompt *prompt)
{
    free(prompt->left);
    free(prompt->right);
    *prompt = (struct prompt){};
}
