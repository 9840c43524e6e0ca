/* SPDX-License-Identifier: MIT
 * Pipelines as processes. A single builtin or function runs in the shell itself, its descriptors swapped and put back. An external
 * command borrows the shell's memory until its program is there (vfork): what it does until then is system calls only. */
#include "expand/expand.h"
#include "job.h"
#include "run/streams.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct command {
    const struct item *item;
    struct list arguments;
    struct function *function;
    const struct builtin *builtin;
    char *path;              /* of an external one */
};

/* -- where commands are ------------------------------------------------------------------------------------------------ */

static struct {
    char *search;            /* the PATH that these were found with */
    struct scope found;
} paths;

void command_paths_forget(void)
{
    scope_fini(&paths.found);
    free(paths.search);
    paths.search = nullptr;
}

static bool is_program(const char *path)
{
    struct stat info;
    return !access(path, X_OK) && !stat(path, &info) && S_ISREG(info.st_mode);
}

char *command_path(struct shell *sh, const char *name)
{
    const char *search = getenv("PATH");
    if (!search) search = "/bin:/usr/bin";
    if (strchr(name, '/')) return access(name, F_OK) ? nullptr : arena_print(&sh->scratch, "%s", name);
    if (!*name || strlen(name) > 255) return nullptr;
    if (!paths.search || strcmp(paths.search, search) != 0) {
        command_paths_forget();
        paths.search = heap_copy(search);
    }
    uint32_t hash = name_hash(name);
    const struct value *known = scope_find_hashed(&paths.found, name, hash);
    if (known) return arena_copy(&sh->scratch, known->text, known->size);
    for (const char *folder = search; *folder;) {
        size_t size = strcspn(folder, ":");
        char *path = arena_print(&sh->scratch, "%.*s/%s", (int)size, folder, name);
        if (size && is_program(path)) {
            scope_set_text(&paths.found, name, hash, path, strlen(path));
            return path;
        }
        folder += size + (folder[size] == ':');
    }
    return nullptr;
}

/* -- what a command is -------------------------------------------------------------------------------------------------- */

static bool find_builtin(struct item *item, const struct list *arguments, struct command *c)
{
    if (arguments->at[0] != item->words.at[0].raw) {
        c->builtin = builtin_find(arguments->at[0]);
    } else {
        if (!item->looked) item->builtin = builtin_find(arguments->at[0]);
        item->looked = true;
        c->builtin = item->builtin;
    }
    return c->builtin;
}

/* A function gets its words as they are: it reads them itself. A builtin hides a function of its name where it stands alone. */
static bool resolve(struct shell *sh, struct item *item, bool alone, struct command *c)
{
    *c = (struct command){.item = item, .arguments = list_make(&sh->scratch)};
    const struct value *value = scope_find_hashed(sh->scope, item->words.at[0].raw, item->hash);
    bool function = value && value->kind == VALUE_FUNCTION;
    if (function && !(alone && builtin_find(item->words.at[0].raw))) {
        c->function = function_get(value->function);
        list_add(&c->arguments, item->words.at[0].raw);
        return true;
    }
    for (size_t i = 0; i < item->words.count; i++) {
        size_t before = c->arguments.count;
        if (!expand_word(sh, &item->words.at[i], &c->arguments)) return false;
        if (c->arguments.count == before && *item->words.at[i].raw == '@') list_add(&c->arguments, "");
    }
    if (!c->arguments.count) list_add(&c->arguments, "");
    if (find_builtin(item, &c->arguments, c) || sh->no_execute || sh->sandbox) return true;
    c->path = command_path(sh, c->arguments.at[0]);
    if (c->path) return true;
    fail(sh, "pipeline execution error: command not found: %s", c->arguments.at[0]);
    return word_blame(sh, &item->words.at[0]);
}

/* -- inside the shell ---------------------------------------------------------------------------------------------------- */

static bool run_inside(struct shell *sh, const struct command *c)
{
    if (c->builtin) return builtin_run(sh, c->builtin, &c->arguments);
    return function_call(sh, c->function, (struct words *)&c->item->words);
}

static bool run_redirected(struct shell *sh, const struct command *c)
{
    struct streams streams;
    int saved[3] = {-1, -1, -1};
    struct buf *caught = sh->caught;
    bool muted = sh->muted;
    if (!streams_open(sh, c->item, -1, -1, &streams)) return false;
    for (int i = 0; i < 3; i++)
        if (streams.at[i] >= 0) saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
    streams_apply(&streams);
    if (streams.at[1] >= 0) sh->caught = nullptr;
    if (streams.at[2] >= 0) sh->muted = false;
    struct streams closing = streams;
    streams_close(&closing);
    bool good = run_inside(sh, c);
    sh->caught = caught;
    sh->muted = muted;
    for (int i = 0; i < 3; i++) {
        if (streams.at[i] < 0) continue;
        if (saved[i] >= 0) dup2(saved[i], i), close(saved[i]);
        else close(i);
    }
    streams_wait(&streams);
    return good;
}

/* -- processes ----------------------------------------------------------------------------------------------------------- */

struct launch {
    struct shell *sh;
    struct command *command;
    const struct streams *streams;
    pid_t group;
    bool foreground, disowned;
    int caught;              /* where a process expansion reads from, or -1 */
    volatile int error;
};

/* The rest of the way of a new process to where it can be itself. */
static void settle(const struct launch *l)
{
    job_child(l->sh, l->group, l->foreground);
    if (l->disowned || l->sh->muted) {
        int nothing = open("/dev/null", O_WRONLY);
        if (l->disowned) dup2(nothing, 1);
        dup2(nothing, 2);
        close(nothing);
    }
    if (l->caught >= 0) dup2(l->caught, 1);
    streams_apply(l->streams);
}

[[noreturn]] static void be_shell(const struct launch *l)
{
    struct shell *sh = l->sh;
    settle(l);
    sh->caught = nullptr;
    sh->muted = false;
    sh->interactive = false;
    bool good = run_inside(sh, l->command);
    if (!good) report(sh);
    _exit(good ? sh->status : 1);
}

static pid_t start_program(struct launch *l)
{
    extern char **environ;
    list_add(&l->command->arguments, nullptr);
    char **arguments = l->command->arguments.at;
    const char *path = l->command->path;
    pid_t pid = vfork();
    if (pid) return pid;
    settle(l);
    execve(path, arguments, environ);
    l->error = errno;
    _exit(l->error == ENOENT ? 127 : 126);
}

static pid_t start(struct launch *l)
{
    if (!l->command->builtin && !l->command->function) return start_program(l);
    pid_t pid = fork();
    if (!pid) be_shell(l);
    return pid;
}

struct run {
    struct shell *sh;
    const struct pipeline *pipeline;
    struct command *commands;
    size_t count, made;
    pid_t *pids;
    int input, caught;       /* the read end for the next command; the write end of what is caught */
    struct streams helpers;
};

static void keep_helpers(struct run *r, const struct streams *s)
{
    for (size_t i = 0; i < s->helper_count; i++) {
        if (r->helpers.helper_count == sizeof r->helpers.helpers / sizeof *r->helpers.helpers) streams_wait(&r->helpers);
        r->helpers.helpers[r->helpers.helper_count++] = s->helpers[i];
    }
}

/* A program that was there when it was looked for, and is none. */
static bool launch_failed(struct run *r, const struct launch *l)
{
    command_paths_forget();
    const char *name = l->command->arguments.at[0];
    if (l->error == ENOENT) return fail(r->sh, "pipeline execution error: command not found: %s", name);
    return fail(r->sh, "pipeline execution error: command exec error: %s (os error %d)", strerror(l->error), l->error);
}

static bool start_one(struct run *r, bool *out_started)
{
    struct command *c = &r->commands[r->made];
    struct streams streams;
    int pipes[2] = {-1, -1};
    *out_started = false;
    if (c->item->pipe && pipe2(pipes, O_CLOEXEC))
        return fail(r->sh, "pipeline execution error: could not create pipe: %s (os error %d)", strerror(errno), errno);
    bool good = streams_open(r->sh, c->item, r->input, pipes[1], &streams);
    struct launch l = {.sh = r->sh, .command = c, .streams = &streams, .group = r->made ? r->pids[0] : 0,
                       .foreground = !r->pipeline->background, .disowned = r->pipeline->disowned, .caught = r->caught};
    pid_t pid = good ? start(&l) : -1;
    int error = errno;
    if (r->input >= 0) close(r->input);
    if (pipes[1] >= 0) close(pipes[1]);
    r->input = pipes[0];
    if (!good) return false;
    streams_close(&streams);
    keep_helpers(r, &streams);
    if (pid < 0) return fail(r->sh, "pipeline execution error: could not fork: %s (os error %d)", strerror(error), error);
    r->pids[r->made++] = pid;
    *out_started = true;
    job_joined(r->sh, r->pids[0], pid, !r->pipeline->background);
    return !l.error || launch_failed(r, &l);
}

static bool finish(struct run *r, bool good, int caught_from)
{
    struct shell *sh = r->sh;
    char *why = good ? nullptr : arena_print(&sh->scratch, "%s", sh->error);
    if (r->input >= 0) close(r->input);
    if (caught_from >= 0) {
        close(r->caught);
        read_everything(caught_from, sh->caught);
        close(caught_from);
    }
    if (good && r->pipeline->background) {
        if (!r->pipeline->disowned) job_background(sh, r->pids, r->count, r->pipeline->text);
        return sh->status = 0, true;
    }
    bool ended = !r->made || job_wait(sh, r->pids, r->made, r->pipeline->text);
    streams_wait(&r->helpers);
    if (!good) fail(sh, "%s", why);
    return good && ended;
}

static bool run_processes(struct shell *sh, const struct pipeline *pipeline, struct command *commands, size_t count)
{
    struct run r = {.sh = sh, .pipeline = pipeline, .commands = commands, .count = count, .input = -1, .caught = -1};
    int caught[2] = {-1, -1};
    bool good = true, started;
    r.pids = arena_alloc(&sh->scratch, count * sizeof *r.pids);
    if (sh->caught && !pipeline->background && pipe2(caught, O_CLOEXEC))
        return fail(sh, "pipeline execution error: could not create pipe: %s (os error %d)", strerror(errno), errno);
    r.caught = caught[1];
    while (good && r.made < count) good = start_one(&r, &started);
    return finish(&r, good, caught[0]);
}

static bool run_commands(struct shell *sh, const struct pipeline *pipeline, struct command *commands, size_t count)
{
    bool alone = count == 1 && !pipeline->background, inside = commands[0].builtin || commands[0].function;
    for (size_t i = 0; sh->trace && i < count; i++) {
        struct list words = list_make(&sh->scratch);
        for (size_t j = 0; commands[i].function && j < commands[i].item->words.count; j++) list_add(&words, commands[i].item->words.at[j].raw);
        complain(sh, "> %s\n", list_join(commands[i].function ? &words : &commands[i].arguments, " "));
    }
    /* An expansion of it left the shell: nothing more is run. */
    if (sh->no_execute || sh->exiting) return true;
    if (sh->sandbox && (!alone || commands[0].item->redirects || !inside || (commands[0].builtin && !commands[0].builtin->pure)))
        return sh->status = 0, true;
    if (alone && inside) return commands[0].item->redirects ? run_redirected(sh, commands) : run_inside(sh, commands);
    return run_processes(sh, pipeline, commands, count);
}

bool run_pipeline(struct shell *sh, const struct pipeline *pipeline)
{
    size_t count = 0, made = 0;
    bool good = true;
    struct command one, *commands = &one;
    if (!sh->aliases) {
        if (!run_aliases(sh, pipeline, &pipeline)) return false;
        if (!pipeline) return true;
    }
    for (const struct item *item = pipeline->items; item; item = item->next) count++;
    if (count > 1) commands = arena_alloc(&sh->scratch, count * sizeof *commands);
    for (struct item *item = pipeline->items; good && item; item = item->next)
        good = resolve(sh, item, count == 1 && !pipeline->background, &commands[made++]);
    good = good && run_commands(sh, pipeline, commands, count);
    for (size_t i = 0; i < made; i++)
        if (commands[i].function) function_put(commands[i].function);
    return good;
}

/* -- process expansions ---------------------------------------------------------------------------------------------------- */

bool read_everything(int file, struct buf *out)
{
    char part[16384];
    for (;;) {
        ssize_t size = read(file, part, sizeof part);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return size == 0;
        for (ssize_t at = 0; at < size;) {
            size_t plain = strnlen(part + at, (size_t)(size - at));
            buf_bytes(out, part + at, plain);
            at += (ssize_t)plain + 1;
        }
    }
}

bool capture(struct shell *sh, const struct part *part, char **out_text)
{
    if (!enter(sh)) return false;
    struct arena_mark mark = arena_mark(&sh->caught_arena);
    struct buf out = buf_make(&sh->caught_arena), *before = sh->caught;
    bool muted = sh->muted;
    unsigned aliases = sh->aliases;
    sh->caught = &out, sh->muted = true, sh->aliases = 0;
    enum flow flow = part->body ? run_list(sh, part->body) : run_part(sh, part);
    sh->caught = before, sh->muted = muted, sh->aliases = aliases;
    while (out.size && out.at[out.size - 1] == '\n') out.size--;
    *out_text = arena_copy(&sh->scratch, out.at, out.size);
    arena_release(&sh->caught_arena, mark);
    leave(sh);
    if (flow != FLOW_ERROR) return true;
    char *why = arena_print(&sh->scratch, "%s", sh->error);
    return fail(sh, "expansion error: Could not expand subprocess: %s", why);
}
