/* SPDX-License-Identifier: MIT
 * exec: everything about the new program is found out and put together in a new address space before one native call goes over to it.
 * Until then nothing of the old program has changed; after it nothing can fail. All that exec needs of memory is one scratch
 * mapping, because the library's stack is small; a vfork child shares its space with the parent, so the scratch goes before the end. */
#include "base/string.h"
#include "elf/elf.h"
#include "posix/launch/launch_block.h"
#include "posix/launch/space.h"
#include "posix/launch/stack.h"
#include "posix/linux/resource.h"
#include "posix/proc/self_name.h"
#include "posix/process/limit.h"
#include "posix/signal/signal.h"
#include "posix/thread/area.h"
#include "posix/time/time.h"
#include "protocol/vfs.h"
#include "sys/syscall.h"

extern IN_IMAGE const struct posix_image posix_image;

#define PATH_BYTES 4096u
#define SCRIPT_DEPTH 5
#define TABLE_BYTES_MAX (1u << 20)
#define BREAK_RANDOM_BYTES (1ull << 30)
#define AT_FDCWD (-100)
enum : uint32_t { AT_SYMLINK_NOFOLLOW = 0x100, AT_EMPTY_PATH = 0x1000 };

struct exec {                            /* the scratch mapping */
    handle_t directory;                  /* where a relative path starts */
    handle_t file, interpreter_file, space;
    uint32_t open_flags;
    struct elf_image program, interpreter;
    uint64_t program_base, interpreter_base;
    struct posix_place place;
    struct stack_output stack;
    struct exec_strings strings;
    uint64_t random[6];
    alignas(8) uint8_t head[ELF_HEAD_BYTES];
    uint8_t path[PATH_BYTES];            /* what is opened now, zero-terminated */
    char name[PATH_BYTES];               /* what the caller named */
    alignas(64) uint8_t state[PROCESS_STATE_BYTES];
    alignas(64) struct thread thread;
    uint8_t text[EXEC_FRONT_BYTES + EXEC_STRINGS_BYTES_MAX];
    alignas(16) uint8_t table[TABLE_BYTES_MAX];
};

/* -- what the caller gave ------------------------------------------------------------------------------------------- */

static int64_t add_string(struct exec_strings *s, const uint8_t *limit, uint64_t from)
{
    uint64_t room = MIN((uint64_t)(limit - s->end), (uint64_t)EXEC_ARGUMENT_BYTES_MAX);
    int64_t length = program_string_length(from, room);
    TRY_LINUX(length);
    if ((uint64_t)length >= room)
        return -LINUX_E2BIG;
    TRY_LINUX(program_read(s->end, from, (uint64_t)length));
    s->end[length] = 0; /* whatever the program has there by now */
    s->end += length + 1;
    return 0;
}

static int64_t add_strings(struct exec *e, uint64_t vector, uint32_t *out_count)
{
    const uint8_t *limit = e->text + sizeof e->text - PATH_BYTES - 1; /* the path is the last string */
    uint64_t at;
    *out_count = 0;
    if (!vector)
        return 0;
    for (;;) {
        TRY_LINUX(program_read_u64(vector + 8ull * *out_count, &at));
        if (!at)
            return 0;
        TRY_LINUX(add_string(&e->strings, limit, at));
        if (++*out_count > TABLE_BYTES_MAX / 32)
            return -LINUX_E2BIG;
    }
}

static void strings_begin(struct exec *e)
{
    e->strings = (struct exec_strings){.floor = e->text, .start = e->text + EXEC_FRONT_BYTES, .end = e->text + EXEC_FRONT_BYTES};
}

/* After arguments and environment: the path, which AT_EXECFN points to. An empty argument list becomes one empty argument. */
static void strings_finish(struct exec *e)
{
    size_t length = string_length(e->name, PATH_BYTES - 1);
    memcpy(e->strings.end, e->name, length);
    e->strings.end += length;
    *e->strings.end++ = 0;
    if (!e->strings.argument_count)
        IGNORE(exec_strings_push_front(&e->strings, (struct view){})); /* there is room */
}

static int64_t take_arguments(struct exec *e, uint64_t arguments, uint64_t environment)
{
    strings_begin(e);
    TRY_LINUX(add_strings(e, arguments, &e->strings.argument_count));
    TRY_LINUX(add_strings(e, environment, &e->strings.environment_count));
    strings_finish(e);
    return 0;
}

static int64_t take_path(struct exec *e, uint64_t path)
{
    int64_t length = program_string_length(path, PATH_BYTES);
    TRY_LINUX(length);
    if (length == PATH_BYTES)
        return -LINUX_ENAMETOOLONG;
    TRY_LINUX(program_read(e->path, path, (uint64_t)length));
    e->path[length] = 0;
    memcpy(e->name, e->path, (size_t)length + 1);
    return 0;
}

/* -- the files ------------------------------------------------------------------------------------------------------ */

static void close_handle(handle_t *h)
{
    if (*h != HANDLE_NONE)
        IGNORE(sys_handle_close(*h));
    *h = HANDLE_NONE;
}

static enum status open_program(const struct exec *e, const uint8_t *path, handle_t *out_file)
{
    struct vfs_open_in in = {
        .path = {path, string_length((const char *)path, PATH_BYTES)}, .flags = OPEN_READ | OPEN_EXECUTE | e->open_flags,
        .file_place = PLACE_HIGH | PLACE_CLOSE_ON_EXEC,
    };
    struct vfs_open_out out;
    TRY(vfs_open(e->directory, &in, &out));
    *out_file = out.file;
    return OK;
}

/* The head of a file into e->head. Only regular files run. */
static enum status read_head(struct exec *e, handle_t file, struct view *out_head, uint64_t *out_file_bytes)
{
    struct file_attributes attributes;
    TRY(sys_stat(file, &attributes));
    if (attributes.type != FILE_REGULAR)
        return ERR_NO_ACCESS;
    int64_t bytes = sys_read(file, e->head, sizeof e->head, 0);
    if (bytes < 0)
        return (enum status)bytes;
    *out_head = (struct view){e->head, (size_t)bytes};
    *out_file_bytes = attributes.size_bytes;
    return OK;
}

static enum status become_interpreter(struct exec *e, struct view interpreter, struct view argument)
{
    struct view path = view_of_string((const char *)e->path);
    exec_strings_drop_first(&e->strings);
    TRY(exec_strings_push_front(&e->strings, path));
    if (argument.length)
        TRY(exec_strings_push_front(&e->strings, argument));
    TRY(exec_strings_push_front(&e->strings, interpreter));
    memcpy(e->path, interpreter.data, interpreter.length);
    e->path[interpreter.length] = 0;
    close_handle(&e->file);
    e->directory = process_current()->view;
    e->open_flags = 0;
    return OK;
}

static enum status load_interpreter(struct exec *e, struct view head)
{
    uint8_t path[256];
    struct view name;
    uint64_t file_bytes;
    if (e->program.interpreter_bytes >= sizeof path ||
        view_part(head, e->program.interpreter_offset, e->program.interpreter_bytes, &name) != OK)
        return ERR_BAD_FORMAT;
    memcpy(path, name.data, name.length);
    path[name.length] = 0;
    e->directory = process_current()->view;
    e->open_flags = 0;
    TRY(open_program(e, path, &e->interpreter_file));
    TRY(read_head(e, e->interpreter_file, &head, &file_bytes));
    TRY(elf_parse(head, file_bytes, &e->interpreter));
    return e->interpreter.position_independent ? OK : ERR_BAD_FORMAT;
}

/* Follows scripts to a program file. */
static enum status load_files(struct exec *e)
{
    struct view head, interpreter, argument;
    uint64_t file_bytes;
    for (int depth = 0; depth < SCRIPT_DEPTH; depth++) {
        if (e->file == HANDLE_NONE)
            TRY(open_program(e, e->path, &e->file));
        TRY(read_head(e, e->file, &head, &file_bytes));
        if (script_parse(head, &interpreter, &argument) == OK) {
            TRY(become_interpreter(e, interpreter, argument));
            continue;
        }
        enum status status = elf_parse(head, file_bytes, &e->program);
        if (status != OK)
            return ERR_BAD_FORMAT; /* too short, too odd: all the same to the caller */
        return e->program.interpreter_bytes ? load_interpreter(e, head) : OK;
    }
    return ERR_LOOP;
}

/* -- the new space -------------------------------------------------------------------------------------------------- */

#define STRINGS_ALWAYS_BYTES (128u << 10)  /* arguments may be so long whatever the limit, and a quarter of it */
#define STACK_ROOM_BYTES (64u << 10)       /* beside them, at least */
static enum status stack_bytes(const struct exec *e, uint64_t *out)
{
    uint64_t limit = MIN(limit_current(LINUX_RLIMIT_STACK), (uint64_t)POSIX_STACK_BYTES_MAX);
    uint64_t strings = exec_strings_view(&e->strings).length;
    if (strings > MAX(limit / 4, (uint64_t)STRINGS_ALWAYS_BYTES))
        return ERR_TOO_BIG;
    uint64_t table = (e->strings.argument_count + e->strings.environment_count) * sizeof(uint64_t);
    *out = align_up(MAX(limit, strings + table + STACK_ROOM_BYTES), PAGE_SIZE_BYTES);
    return OK;
}

/* All of the stack is there from the start; the pages come when they are touched. Below it nothing is mapped. */
static enum status map_stack(struct exec *e)
{
    uint64_t top = align_up(e->place.stack_top, PAGE_SIZE_BYTES), bytes, at;
    TRY(stack_bytes(e, &bytes));
    return sys_map(e->space, top - bytes, bytes, MAP_EXACT_ | PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &at);
}

static enum status map_vdso(struct exec *e, const struct process *p)
{
    uint64_t at;
    return sys_map(e->space, e->place.vdso, posix_image.vdso_end - posix_image.vdso, MAP_EXACT_ | MAP_SHARED_ | PROT_READ_ | PROT_EXECUTE_, p->image,
                   p->image_offset + posix_image.vdso, &at);
}

static enum status map_everything(struct exec *e, const struct process *p)
{
    struct library_parts parts = {
        .image = p->image, .clock = p->clock, .table = p->table, .image_offset = p->image_offset, .image_bytes = p->image_bytes,
    };
    TRY(sys_random(SPAN_OF_ARRAY(e->random)));
    posix_place_choose(e->random, &e->place);
    TRY(sys_space_create(PLACE_HIGH, &e->space));
    e->program_base = e->program.position_independent ? e->place.program - e->program.lowest : 0;
    TRY(space_map_program(e->space, e->file, &e->program, e->program_base));
    if (e->interpreter_file != HANDLE_NONE) {
        e->interpreter_base = e->place.interpreter - e->interpreter.lowest;
        TRY(space_map_program(e->space, e->interpreter_file, &e->interpreter, e->interpreter_base));
    }
    TRY(space_map_library(e->space, &parts, &e->place));
    TRY(map_vdso(e, p));
    return map_stack(e);
}

static uint32_t cpu_features(void)
{
    uint32_t a = 1, b, c = 0, d;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return d;
}

#define HWCAP2_FSGSBASE 2u
static enum status write_stack(struct exec *e, const struct process *p)
{
    uint64_t base = e->program_base;
    struct auxiliary values[] = {
        {LINUX_AT_SYSINFO_EHDR, e->place.vdso}, {LINUX_AT_HWCAP, cpu_features()}, {LINUX_AT_PAGESZ, PAGE_SIZE_BYTES}, {LINUX_AT_CLKTCK, 100},
        {LINUX_AT_PHDR, base + e->program.headers_address}, {LINUX_AT_PHENT, 56}, {LINUX_AT_PHNUM, e->program.header_count},
        {LINUX_AT_BASE, e->interpreter_base}, {LINUX_AT_FLAGS, 0}, {LINUX_AT_ENTRY, base + e->program.entry},
        {LINUX_AT_UID, p->entry->uid}, {LINUX_AT_EUID, p->entry->euid}, {LINUX_AT_GID, p->entry->gid},
        {LINUX_AT_EGID, p->entry->egid}, {LINUX_AT_SECURE, 0}, {LINUX_AT_HWCAP2, HWCAP2_FSGSBASE},
        {LINUX_AT_MINSIGSTKSZ, sizeof(struct linux_signal_frame) + MAX(p->xsave_bytes, 512u) + 256},
    };
    struct stack_input in = {
        .strings = &e->strings, .values = values, .value_count = ARRAY_LENGTH(values), .top = align_down(e->place.stack_top, 16),
    };
    memcpy(in.random, &e->random[4], sizeof in.random);
    TRY(stack_build(&in, SPAN_OF_ARRAY(e->table), &e->stack));
    TRY(space_write_all(e->space, e->stack.stack_pointer, (struct view){e->table, e->stack.bytes}));
    return space_write_all(e->space, e->stack.strings_address, exec_strings_view(&e->strings));
}

/* Handlers are gone with the code that they were; what was ignored stays ignored. */
static void reset_actions(struct process *p)
{
    for (uint32_t i = 1; i <= LINUX_NSIG; i++) {
        uint64_t handler = p->actions[i].handler == LINUX_SIG_IGN ? LINUX_SIG_IGN : LINUX_SIG_DFL;
        p->actions[i] = (struct linux_sigaction){.handler = handler};
    }
}

static void base_name(const char *path, char out[16])
{
    const char *name = path;
    for (const char *c = path; *c; c++)
        if (*c == '/')
            name = c + 1;
    size_t length = string_length(name, 15);
    memset(out, 0, 16);
    memcpy(out, name, length);
}

/* Absolute, for /proc/self/exe; vfsd knows it when the caller did not. `out` is zero. */
static void name_executable(struct exec *e, char out[PROCESS_PATH_BYTES])
{
    struct vfs_handle_path_in in = {.file = e->file, .path_space = {(uint8_t *)out, PROCESS_PATH_BYTES - 1}};
    struct vfs_handle_path_out answer;
    if (e->path[0] != '/' && vfs_handle_path(process_current()->view, &in, &answer) == OK)
        return;
    memcpy(out, e->path, string_length((const char *)e->path, PROCESS_PATH_BYTES - 1));
}

static void fill_state(struct exec *e, const struct process *old)
{
    struct process *p = (struct process *)(void *)e->state;
    memcpy(p, old, sizeof *p);
    p->image_base = e->place.image;
    p->table_base = (const volatile struct process_entry *)e->place.table;
    p->entry = p->table_base + (old->entry - old->table_base);
    p->clock_page = (const volatile struct clock_page *)e->place.clock;
    p->arena = e->place.arena;
    p->vdso = e->place.vdso;
    p->vfork_writer = HANDLE_NONE;
    p->is_launch = 0;
    p->lock = (struct lock){};
    p->dumpable = 1;
    p->keep_capabilities = 0;
    timers_forget(p);
    p->brk_start = align_up(e->program_base + e->program.highest, PAGE_SIZE_BYTES) +
                   align_down(e->random[3] % BREAK_RANDOM_BYTES, PAGE_SIZE_BYTES);
    p->brk_end = p->brk_start;
    reset_actions(p);
    memset(p->threads, 0, sizeof p->threads);
    memset(p->areas_mapped, 0, sizeof p->areas_mapped);
    p->areas_mapped[0] = 1;
    p->threads[0] = (struct thread *)first_thread_block(&e->place);
    p->thread_count = 1;
    base_name(e->name, p->name);
    p->arguments_start = e->stack.strings_address;
    p->arguments_end = p->environment_start = e->stack.arguments_end;
    p->environment_end = e->stack.environment_end;
    memset(p->executable, 0, sizeof p->executable);
    name_executable(e, p->executable);
}

static void fill_thread(struct exec *e, const struct thread *old)
{
    struct thread *t = &e->thread;
    bool dynamic = e->interpreter_file != HANDLE_NONE;
    t->process = (struct process *)e->place.state;
    __c11_atomic_store(&t->used, 1, __ATOMIC_RELAXED);
    t->tid = old->process->pid;
    t->block.thread_id = (uint32_t)t->tid;
    t->context = HANDLE_NONE;
    t->mask = old->restore_mask ? old->saved_mask : old->mask;
    t->alternate.flags = LINUX_SS_DISABLE;
    t->pending = old->pending;
    memcpy(t->queue, old->queue, sizeof t->queue);
    t->nice = old->nice;
    t->block.masked = 1;
    t->block.pending = 1; /* what came while the new program was put together is looked at before its first instruction */
    t->block.saved.rip = dynamic ? e->interpreter_base + e->interpreter.entry : e->program_base + e->program.entry;
    t->block.saved.rsp = e->stack.stack_pointer;
    t->block.saved.rflags = 0x202;
}

static enum status build_space(struct exec *e, const struct thread *t)
{
    const struct process *p = t->process;
    TRY(map_everything(e, p));
    TRY(write_stack(e, p));
    fill_state(e, p);
    fill_thread(e, t);
    TRY(space_write_all(e->space, e->place.state, (struct view){e->state, sizeof(struct process)}));
    return space_write_all(e->space, first_thread_block(&e->place), VIEW_OF_STRUCT(&e->thread));
}

/* -- going over ----------------------------------------------------------------------------------------------------- */

/* Name and arguments for those who list processes; what does not fit is cut. */
static enum status tell_procd(struct exec *e, const struct process *p)
{
    struct view strings = exec_strings_view(&e->strings);
    size_t arguments = e->stack.arguments_end - e->stack.strings_address;
    const struct process *new_state = (const struct process *)(const void *)e->state;
    size_t name = string_length(new_state->name, 15) + 1;
    memcpy(e->head, new_state->name, name);
    size_t part = MIN(arguments, sizeof e->head - name);
    memcpy(e->head + name, strings.data, part);
    struct proc_exec_in in = {.command = {e->head, name + part}};
    return proc_exec(p->proc, &in, nullptr);
}

/* From here on the scratch is gone; what the call needs stands on our stack. Comes back only when it failed. */
static enum status go_over(struct exec *e, const struct process *p)
{
    handle_t keep[] = {p->view, p->proc, p->log, p->table, p->image, p->clock};
    uint64_t block = first_thread_block(&e->place);
    struct exec_arguments arguments = {
        .space = e->space, .keep_count = ARRAY_LENGTH(keep), .keep_handles = (uint64_t)keep,
        .entry = e->place.image + posix_image.resume, .stack = block, .thread_block = block,
    };
    handle_t file = e->file, interpreter = e->interpreter_file;
    personality_of_image(&posix_image, e->place.image, &arguments.personality);
    memcpy(arguments.name, ((const struct process *)(const void *)e->state)->name, sizeof arguments.name);
    close_handle(&file);
    close_handle(&interpreter);
    IGNORE(sys_unmap(HANDLE_SELF_SPACE, (uint64_t)e, align_up(sizeof *e, PAGE_SIZE_BYTES)));
    return sys_process_exec(&arguments);
}

static void exec_end(struct exec *e)
{
    close_handle(&e->file);
    close_handle(&e->interpreter_file);
    close_handle(&e->space);
    IGNORE(sys_unmap(HANDLE_SELF_SPACE, (uint64_t)e, align_up(sizeof *e, PAGE_SIZE_BYTES)));
}

static enum status exec_begin(struct exec **out)
{
    void *scratch;
    TRY(sys_map_anonymous(align_up(sizeof(struct exec), PAGE_SIZE_BYTES), 0, &scratch));
    *out = scratch;
    (*out)->file = (*out)->interpreter_file = (*out)->space = HANDLE_NONE;
    (*out)->directory = process_current()->view;
    return OK;
}

/* With path or file, and strings, in e. Takes e in any case. */
static int64_t exec_run(struct exec *e)
{
    struct thread *t = thread_current();
    enum status status = load_files(e);
    if (status == OK)
        status = build_space(e, t);
    if (status == OK)
        status = tell_procd(e, t->process);
    if (status != OK) {
        exec_end(e);
        return linux_failure(status);
    }
    return linux_failure(go_over(e, t->process));
}

/* -- the calls ------------------------------------------------------------------------------------------------------ */

static int64_t take_descriptor(struct exec *e, uint32_t fd)
{
    return linux_result(sys_handle_dup((handle_t)fd, PLACE_HIGH | PLACE_CLOSE_ON_EXEC, 0, 0, 0, &e->file));
}

/* /proc/self/exe and /dev/fd/N mean what they mean to the caller, which vfsd cannot know. */
static int64_t take_own_name(struct exec *e, const struct process *p)
{
    struct self_name name = self_name_parse(view_of_string((const char *)e->path), p->pid);
    if (name.kind == SELF_DESCRIPTOR)
        return take_descriptor(e, name.fd);
    if (name.kind == SELF_EXECUTABLE)
        memcpy(e->path, p->executable, sizeof p->executable);
    return 0;
}

static int64_t take_file(struct exec *e, int32_t directory, uint32_t flags)
{
    e->open_flags = flags & AT_SYMLINK_NOFOLLOW ? OPEN_NO_FOLLOW : 0;
    if (e->path[0] == '/')
        return take_own_name(e, process_current());
    if (directory == AT_FDCWD)
        return 0;
    if (!fd_is_valid((uint32_t)directory))
        return -LINUX_EBADF;
    if (e->path[0] || !(flags & AT_EMPTY_PATH)) {
        e->directory = directory;
        return 0;
    }
    return take_descriptor(e, (uint32_t)directory);
}

LINUX_CALL(execveat, int32_t directory, uint64_t path, uint64_t arguments, uint64_t environment, uint32_t flags)
{
    struct exec *e;
    if (flags & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -LINUX_EINVAL;
    TRY_LINUX(linux_result(exec_begin(&e)));
    int64_t result = take_path(e, path);
    if (result == 0)
        result = take_file(e, directory, flags);
    if (result == 0)
        result = take_arguments(e, arguments, environment);
    if (result == 0)
        return exec_run(e);
    exec_end(e);
    return result;
}

LINUX_CALL(execve, uint64_t path, uint64_t arguments, uint64_t environment)
{
    return linux_execveat(AT_FDCWD, path, arguments, environment, 0);
}

/* The first act of a natively started process: its block says what to exec. */
[[noreturn]] void posix_launched(struct thread *t);
[[noreturn]] void posix_launched(struct thread *t)
{
    const struct launch_block *b = (const struct launch_block *)((uint64_t)t->process + LAUNCH_BLOCK_OFFSET);
    struct exec *e;
    if (exec_begin(&e) == OK && b->path_bytes < PATH_BYTES && b->strings_bytes <= EXEC_STRINGS_BYTES_MAX - PATH_BYTES) {
        memcpy(e->path, b->text, b->path_bytes);
        memcpy(e->name, b->text, b->path_bytes);
        strings_begin(e);
        memcpy(e->strings.end, b->text + b->path_bytes, b->strings_bytes);
        e->strings.end += b->strings_bytes;
        e->strings.argument_count = b->argument_count;
        e->strings.environment_count = b->environment_count;
        strings_finish(e);
        int64_t result = exec_run(e);
        posix_log("cannot start %.*s: error %ld", (int)b->path_bytes, (const char *)b->text, -result);
        sys_process_exit(result == -LINUX_ENOENT ? 127 << 8 : 126 << 8);
    }
    sys_process_exit(126 << 8);
}
