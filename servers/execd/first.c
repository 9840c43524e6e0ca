/* SPDX-License-Identifier: MIT
 * Puts the first POSIX process together: where its program is, what its descriptors are, what it inherits. execd calls servers and
 * waits here: it serves nobody until the process runs, and they never call it. */
#include "base/fmt.h"
#include "base/string.h"
#include "execd.h"
#include "initfs/initfs.h"
#include "posix/launch/launch.h"
#include "protocol/group.h"
#include "protocol/vfs.h"
#include "sys/log.h"

#define IMAGE_PATH "lib/posix"
#define CONSOLE_PATH "/dev/console"
#define TERMINAL_PATH "/dev/ttyS0"
#define PATH_BYTES 512u
#define PATH_FOLDERS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define ACCESS_EXECUTE 1u

static const char shell_path[] = "/bin/sh";
/* Made anew for each start: the shell that the console has is in both. Zeros inside: what it says last has its zero at the end. */
static char environment[256], shell_arguments[160];

/* The archive and the personality's image in it, mapped once and kept. */
static struct initfs archive;

static enum status open_archive(struct execd *e)
{
    if (archive.count)
        return OK;
    handle_t object = start_handle(e->block, "initfs");
    uint64_t address;
    TRY(sys_map(HANDLE_SELF_SPACE, 0, PAGE_SIZE_BYTES, MAP_SHARED_ | PROT_READ_, object, 0, &address));
    uint64_t bytes;
    enum status status = initfs_length((struct view){(const uint8_t *)(uintptr_t)address, PAGE_SIZE_BYTES}, &bytes);
    IGNORE(sys_unmap(HANDLE_SELF_SPACE, address, PAGE_SIZE_BYTES));
    TRY(status);
    TRY(sys_map(HANDLE_SELF_SPACE, 0, align_up(bytes, PAGE_SIZE_BYTES), MAP_SHARED_ | PROT_READ_, object, 0, &address));
    return initfs_open((struct view){(const uint8_t *)(uintptr_t)address, bytes}, &archive);
}

static enum status open_view(struct execd *e)
{
    if (e->view != HANDLE_NONE)
        return OK;
    struct vfs_view_out out;
    TRY(vfs_view(start_handle(e->block, "vfs"), &(struct vfs_view_in){.view_place = PLACE_HIGH}, &out));
    e->view = out.view;
    return OK;
}

/* -- the program ------------------------------------------------------------------------------------------------- */

struct path_text { char text[PATH_BYTES]; size_t length; };

static enum status path_join(struct view folder, struct view name, struct path_text *out)
{
    if (folder.length + 1 + name.length > sizeof out->text)
        return ERR_NAME_TOO_LONG;
    memcpy(out->text, folder.data, folder.length);
    out->text[folder.length] = '/';
    memcpy(out->text + folder.length + 1, name.data, name.length);
    out->length = folder.length + 1 + name.length;
    return OK;
}

static enum status may_execute(struct execd *e, struct view path)
{
    struct vfs_access_out nothing;
    return vfs_access(e->view, &(struct vfs_access_in){.path = path, .wanted = ACCESS_EXECUTE}, &nothing);
}

/* As a shell looks: a name with a slash is a path, others are looked for in the folders of PATH. */
static enum status find_program(struct execd *e, struct view name, struct path_text *out)
{
    if (name.length == 0 || name.length > sizeof out->text)
        return ERR_NOT_FOUND;
    if (view_find(name, '/') < name.length) {
        memcpy(out->text, name.data, name.length);
        out->length = name.length;
        return may_execute(e, name);
    }
    struct view folders = VIEW_OF_LITERAL(PATH_FOLDERS);
    enum status status = ERR_NOT_FOUND;
    while (folders.length > 0) {
        struct view folder;
        view_split(folders, ':', &folder, &folders);
        TRY(path_join(folder, name, out));
        enum status found = may_execute(e, (struct view){(const uint8_t *)out->text, out->length});
        if (found == OK)
            return OK;
        if (found != ERR_NOT_FOUND && found != ERR_NOT_DIRECTORY)
            status = found;
    }
    return status;
}

/* -- its descriptors --------------------------------------------------------------------------------------------- */

static enum status open_console(struct execd *e, handle_t *out)
{
    struct vfs_open_in in = {.path = VIEW_OF_LITERAL(CONSOLE_PATH), .flags = OPEN_READ | OPEN_WRITE | OPEN_NO_TERMINAL, .file_place = PLACE_HIGH};
    struct vfs_open_out opened;
    TRY(vfs_open(e->view, &in, &opened));
    *out = opened.file;
    return OK;
}

static enum status open_null(struct execd *e, handle_t *out)
{
    return sys_handle_dup(start_handle(e->block, "null"), PLACE_HIGH, RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT, 0, 0, out);
}

static enum status open_output(struct execd *e, uint64_t token, handle_t *out)
{
    return server_resource(&e->server, token, RIGHT_WRITE | RIGHT_GRANT, RESOURCE_ALWAYS_READY, STREAM_WRITE, out);
}

static void close_files(handle_t files[3])
{
    for (uint32_t i = 0; i < 3; i++)
        if (files[i] != HANDLE_NONE)
            IGNORE(sys_handle_close(files[i]));
}

static enum status open_files(struct execd *e, handle_t files[3])
{
    const struct command *c = &e->command;
    TRY(!c->is_given || c->stdin_console ? open_console(e, &files[0]) : open_null(e, &files[0]));
    if (c->is_given) {
        TRY(open_output(e, TOKEN_OUT, &files[1]));
        return open_output(e, TOKEN_ERROR, &files[2]);
    }
    TRY(sys_handle_dup(files[0], PLACE_HIGH, 0, 0, 0, &files[1]));
    return sys_handle_dup(files[0], PLACE_HIGH, 0, 0, 0, &files[2]);
}

/* -- its group ---------------------------------------------------------------------------------------------------- */

/* All programs are in a group below ours: what they take is counted, and the last of the memory is not theirs. */
static enum status open_group(struct execd *e)
{
    if (e->programs != HANDLE_NONE)
        return OK;
    handle_t own;
    struct group_create_out out;
    TRY(sys_group_self(PLACE_HIGH, &own));
    enum status status = group_create(own, &(struct group_create_in){.group_place = PLACE_HIGH}, &out);
    IGNORE(sys_handle_close(own));
    TRY(status);
    e->programs = out.group;
    return OK;
}

/* -- all together ------------------------------------------------------------------------------------------------ */

static void make_texts(const struct command *c, size_t *out_environment, size_t *out_arguments)
{
    *out_environment = 1 + fmt(environment, sizeof environment,
                               "PATH=" PATH_FOLDERS "%cHOME=/root%cUSER=root%cLOGNAME=root%cSHELL=%s%c"
                               "TERM=vt100%cPWD=/", 0, 0, 0, 0, c->shell, 0, 0);
    /* The first open of the terminal by the leader of a session without one makes it the controlling one: hence a shell that opens it. */
    *out_arguments = 1 + fmt(shell_arguments, sizeof shell_arguments, "sh%c-c%cexec %s -l <>" TERMINAL_PATH " >&0 2>&0", 0, 0, c->shell);
}

static enum status make_launch(struct execd *e, struct path_text *path, struct posix_launch *out)
{
    struct initfs_entry image;
    TRY(open_archive(e));
    TRY(open_view(e));
    TRY(open_group(e));
    TRY(initfs_find(&archive, VIEW_OF_LITERAL(IMAGE_PATH), &image));
    struct view name = e->command.is_given ? command_word(&e->command, 0) : VIEW_OF_LITERAL(shell_path);
    TRY(find_program(e, name, path));
    size_t environment_bytes, argument_bytes;
    make_texts(&e->command, &environment_bytes, &argument_bytes);
    *out = (struct posix_launch){
        .image = start_handle(e->block, "initfs"), .image_offset = image.offset, .image_bytes = image.data.length,
        .clock = start_handle(e->block, "clock"), .table = start_handle(e->block, "table"),
        .proc = start_handle(e->block, "proc"), .view = e->view, .log = start_handle(e->block, "log"),
        .name_space = HANDLE_NONE, .group = e->programs, .identity = HANDLE_NONE,
        .descriptors = {HANDLE_NONE, HANDLE_NONE, HANDLE_NONE},
        .path = {(const uint8_t *)path->text, path->length}, .environment = {(const uint8_t *)environment, environment_bytes},
        .arguments = {(const uint8_t *)shell_arguments, argument_bytes}};
    if (e->command.is_given)
        out->arguments = (struct view){(const uint8_t *)e->command.words, e->command.bytes};
    return OK;
}

/* Events of a source that has happened already come too: a process that is quick to end is not missed. */
static enum status run(struct execd *e, const struct posix_launch *launch)
{
    int32_t pid;
    TRY(posix_launch(launch, &e->process, &pid));
    enum status status = server_bind(&e->server, e->process, &e->ended);
    if (status != OK) {
        IGNORE(sys_process_kill(e->process, 126 << 8));
        IGNORE(sys_handle_close(e->process));
        e->process = HANDLE_NONE;
    }
    return status;
}

enum status first_start(struct execd *e)
{
    struct path_text path;
    struct posix_launch launch;
    TRY(make_launch(e, &path, &launch));
    enum status status = open_files(e, launch.descriptors);
    if (status == OK)
        status = run(e, &launch);
    close_files(launch.descriptors); /* the process has its own */
    return status;
}
