/* SPDX-License-Identifier: MIT
 * Starts a POSIX process from a native program. */
#include "posix/launch/launch.h"
#include "base/string.h"
#include "posix/core/process.h"
#include "posix/launch/launch_block.h"
#include "posix/launch/space.h"
#include "posix/launch/strings.h"
#include "protocol/proc.h"
#include "sys/syscall.h"

/* The numbers that the library's handles have in the new process. */
enum : handle_t { AT_VIEW = HANDLE_HIGH_BASE, AT_PROC, AT_LOG, AT_TABLE, AT_IMAGE, AT_CLOCK };
#define DESCRIPTORS 3

static uint32_t count_strings(struct view strings)
{
    uint32_t count = 0;
    for (size_t i = 0; i < strings.length; i++)
        count += strings.data[i] == 0;
    return count;
}

static enum status read_header(const struct posix_launch *l, struct posix_image *out)
{
    uint64_t at;
    TRY(sys_map(HANDLE_SELF_SPACE, 0, PAGE_SIZE_BYTES, MAP_SHARED_ | PROT_READ_, l->image, l->image_offset, &at));
    memcpy(out, (const void *)at, sizeof *out);
    TRY(sys_unmap(HANDLE_SELF_SPACE, at, PAGE_SIZE_BYTES));
    return out->magic == POSIX_IMAGE_MAGIC && out->image_bytes <= l->image_bytes ? OK : ERR_BAD_FORMAT;
}

static enum status write_block(handle_t space, const struct posix_launch *l, uint64_t address)
{
    struct launch_block block = {
        .path_bytes = (uint32_t)l->path.length, .argument_count = count_strings(l->arguments),
        .environment_count = count_strings(l->environment), .strings_bytes = (uint32_t)(l->arguments.length + l->environment.length),
    };
    uint64_t at, bytes = sizeof block + l->path.length + block.strings_bytes;
    if (bytes > LAUNCH_BLOCK_BYTES_MAX)
        return ERR_TOO_BIG;
    TRY(sys_map(space, address, align_up(bytes, PAGE_SIZE_BYTES), MAP_EXACT_ | PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &at));
    TRY(space_write_all(space, at, VIEW_OF_STRUCT(&block)));
    at += sizeof block;
    TRY(space_write_all(space, at, l->path));
    TRY(space_write_all(space, at + l->path.length, l->arguments));
    return space_write_all(space, at + l->path.length + l->arguments.length, l->environment);
}

/* Size and components of the vector state as the processor saves it; both 0 when it only knows FXSAVE. */
static void find_vector_state(uint32_t *out_bytes, uint32_t *out_mask)
{
    uint32_t a = 1, b, c = 0, d;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    *out_bytes = *out_mask = 0;
    if (!(c >> 27 & 1)) /* OSXSAVE */
        return;
    __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    *out_mask = a;
    a = 0xd, c = 0;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    *out_bytes = b;
}

static enum status write_state(handle_t space, const struct posix_launch *l, const struct posix_place *place, int32_t pid, uint64_t token)
{
    static struct process p; /* this is the native starter's own memory; 16 KiB are too much for a stack */
    const volatile struct process_entry *table = (const volatile struct process_entry *)place->table;
    p = (struct process){
        .view = AT_VIEW, .proc = AT_PROC, .log = AT_LOG, .table = AT_TABLE, .image = AT_IMAGE, .clock = AT_CLOCK,
        .image_base = place->image, .image_offset = l->image_offset, .image_bytes = l->image_bytes,
        .table_base = table, .entry = table + (uint32_t)token,
        .clock_page = (const volatile struct clock_page *)place->clock, .arena = place->arena, .pid = pid,
        .vfork_writer = HANDLE_NONE, .timer_context = HANDLE_NONE, .is_launch = 1, .umask = 022, .dumpable = 1, .thread_count = 1, .areas_mapped = {1},
        .name = "launch",
    };
    p.threads[0] = (struct thread *)first_thread_block(place);
    find_vector_state(&p.xsave_bytes, &p.xsave_mask);
    struct thread t = {.process = (struct process *)place->state, .used = 1, .tid = pid, .context = HANDLE_NONE};
    t.alternate.flags = LINUX_SS_DISABLE;
    t.block.masked = 1;
    TRY(space_write_all(space, place->state, VIEW_OF_STRUCT(&p)));
    return space_write_all(space, first_thread_block(place), VIEW_OF_STRUCT(&t));
}

static uint32_t list_handles(const struct posix_launch *l, struct handle_transfer *out)
{
    const handle_t high[] = {l->view, l->proc, l->log, l->table, l->image, l->clock};
    uint32_t n = 0;
    for (uint32_t i = 0; i < ARRAY_LENGTH(high); i++)
        out[n++] = (struct handle_transfer){.from = high[i], .to = PLACE_EXACT((uint32_t)AT_VIEW + i)};
    for (uint32_t i = 0; i < DESCRIPTORS; i++)
        if (l->descriptors[i] != HANDLE_NONE)
            out[n++] = (struct handle_transfer){.from = l->descriptors[i], .to = PLACE_EXACT(i)};
    return n;
}

static enum status create(const struct posix_launch *l, const struct posix_image *header, const struct posix_place *place,
                          handle_t space, handle_t *out_process)
{
    struct handle_transfer transfers[16];
    struct personality personality;
    personality_of_image(header, place->image, &personality);
    struct process_arguments arguments = {
        .space = space, .name_space = l->name_space, .group = l->group, .identity = l->identity,
        .entry = place->image + header->launch, .stack = first_thread_block(place), .thread_block = first_thread_block(place),
        .personality = (uint64_t)&personality, .handles = (uint64_t)transfers, .handle_count = list_handles(l, transfers),
        .name = "launch",
    };
    return sys_process_create(&arguments, PLACE_HIGH, out_process);
}

static enum status introduce(const struct posix_launch *l, handle_t process, handle_t space, const struct posix_place *place, int32_t *out_pid)
{
    struct proc_adopt_in in = {.process = process, .parent = l->parent, .name = l->path};
    struct proc_adopt_out out;
    if (in.name.length > 255)
        in.name.length = 255;
    TRY(proc_adopt(l->proc, &in, &out));
    TRY(write_state(space, l, place, out.pid, out.token));
    *out_pid = out.pid;
    return sys_process_start(process, 0, 0);
}

enum status posix_launch(const struct posix_launch *l, handle_t *out_process, int32_t *out_pid)
{
    struct posix_image header;
    struct posix_place place;
    uint64_t random[4];
    handle_t space, second, process;
    struct library_parts parts = {
        .image = l->image, .clock = l->clock, .table = l->table, .image_offset = l->image_offset, .image_bytes = l->image_bytes,
    };
    TRY(read_header(l, &header));
    TRY(sys_random(SPAN_OF_ARRAY(random)));
    posix_place_choose(random, &place);
    TRY(sys_space_create(PLACE_HIGH, &space));
    enum status status = space_map_library(space, &parts, &place);
    if (status == OK)
        status = write_block(space, l, place.state + LAUNCH_BLOCK_OFFSET);
    if (status == OK)
        status = sys_handle_dup(space, PLACE_HIGH, 0, 0, 0, &second); /* the process takes one; ours writes the state */
    if (status != OK) {
        IGNORE(sys_handle_close(space));
        return status;
    }
    status = create(l, &header, &place, second, &process);
    if (status != OK) {
        IGNORE(sys_handle_close(second));
    } else {
        status = introduce(l, process, space, &place, out_pid);
        if (status != OK) {
            IGNORE(sys_process_kill(process, 126 << 8));
            IGNORE(sys_handle_close(process));
        } else {
            *out_process = process;
        }
    }
    IGNORE(sys_handle_close(space));
    return status;
}
