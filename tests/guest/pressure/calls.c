/* SPDX-License-Identifier: MIT
 * Random native calls that make sense often enough to get far: handles that exist, addresses that are mapped, lengths that fit, and
 * now and then something else. A round is a few processes of a few contexts each; some contexts serve an endpoint that all
 * processes share, the others ask; each process is killed after a random while. */
#include "pressure.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define POOL 48
#define AREA_PAGES 96
#define CONTEXTS 4
#define SHARED_ENDPOINTS 3
#define GENERATIONS 2

/* What an argument is: h handle, s handle or self, a page address, b bytes, l length, L page-aligned length, o offset, p placement,
 * f few flags, P protection and MAP_*, d deadline, w futex word, n small number, r rights, u anything, - zero. */
static const struct call { uint16_t number; const char *arguments; uint8_t weight; bool makes_handle; } calls[] = {
    {SYS_call, "h", 30, false}, {SYS_submit, "h", 8, false}, {SYS_forward, "h", 4, false}, {SYS_receive, "h", 6, false},
    {SYS_reply, "h", 6, false}, {SYS_reply_receive, "h", 6, false},
    {SYS_request_read, "hnobl", 4, false}, {SYS_request_write, "hnobl", 4, false},
    {SYS_endpoint_create, "fp", 3, true}, {SYS_endpoint_attach, "haL", 3, false}, {SYS_resource_create, "hnrfpf", 8, true},
    {SYS_readiness_set, "hnff", 6, false}, {SYS_bind, "hhn", 6, false}, {SYS_unbind, "hh", 3, false},
    {SYS_handle_dup, "sprdf", 14, true}, {SYS_handle_close, "h", 16, false}, {SYS_handle_revoke, "h", 4, false},
    {SYS_handle_info, "hb", 2, false}, {SYS_handle_flags, "hff", 2, false}, {SYS_namespace_create, "hp", 3, true},
    {SYS_namespace_bind, "hblh", 4, false},
    {SYS_memory_create, "Lfp", 8, true}, {SYS_map, "saLPho", 30, false}, {SYS_unmap, "saL", 14, false}, {SYS_protect, "saLP", 10, false},
    {SYS_advise, "saLn", 8, false}, {SYS_remap, "saLLna", 6, false}, {SYS_space_create, "p", 3, true}, {SYS_space_read, "sabl", 4, false},
    {SYS_space_write, "sabl", 4, false}, {SYS_space_query, "sab", 3, false},
    {SYS_read, "hblo", 12, false}, {SYS_write, "hblo", 12, false}, {SYS_read_vector, "hbno", 4, false}, {SYS_write_vector, "hbno", 4, false},
    {SYS_seek, "hon", 3, false}, {SYS_stat, "hb", 3, false}, {SYS_sync, "hn", 3, false}, {SYS_truncate, "ho", 4, false},
    {SYS_stream_flags, "hff", 3, false}, {SYS_pipe_create, "bpf", 6, false}, {SYS_file_create, "hnbp", 6, true},
    {SYS_stream_create, "hfrp", 6, true}, {SYS_file_set, "hfb", 3, false}, {SYS_file_supply, "hoLho", 6, false},
    {SYS_file_written, "hoLn", 4, false}, {SYS_file_read, "hobl", 4, false},
    {SYS_process_create, "bp", 3, true}, {SYS_process_clone, "bp", 2, true}, {SYS_process_start, "hnn", 2, false},
    {SYS_process_kill, "hn", 2, false}, {SYS_process_info, "sb", 2, false}, {SYS_process_suspend, "hn", 2, false},
    {SYS_context_create, "bp", 2, true}, {SYS_notify, "h", 4, false}, {SYS_schedule_set, "snu", 2, false}, {SYS_context_list, "sbn", 2, false},
    {SYS_futex, "wnndwn", 14, false}, {SYS_yield, "", 4, false}, {SYS_sleep, "d", 2, false}, {SYS_timer_create, "p", 4, true},
    {SYS_timer_set, "hdn", 6, false}, {SYS_poll, "bnd", 5, false}, {SYS_queue_create, "p", 4, true}, {SYS_queue_control, "hnhfn", 8, false},
    {SYS_queue_wait, "hbnd", 5, false}, {SYS_doorbell_create, "p", 3, true}, {SYS_doorbell_ring, "h", 4, false}, {SYS_random, "bl", 1, false},
    {SYS_identity_create, "p", 1, true}, {SYS_channel_create, "bfp", 4, false}, {SYS_kernel_counts, "bn", 1, false},
};
#define CALLS (sizeof calls / sizeof calls[0])

/* of one process; its contexts share it without care, which is the point */
static int32_t pool[POOL];
static char *area;
static uint32_t words[16];
static uint64_t ends_at;
static int generation;
static int64_t shared_endpoint[SHARED_ENDPOINTS], shared_resource[SHARED_ENDPOINTS];

struct self { struct chance chance; bool serves; char *bytes; };

static uint64_t a_handle(struct chance *c)
{
    if (one_in(c, 24))
        return next(c);
    if (one_in(c, 16))
        return (1u << 30) + next(c) % 24; /* the personality's own */
    if (one_in(c, 6))
        return (uint64_t)shared_resource[next(c) % SHARED_ENDPOINTS];
    if (one_in(c, 10))
        return (uint64_t)shared_endpoint[next(c) % SHARED_ENDPOINTS];
    return (uint64_t)(int64_t)pool[next(c) % POOL];
}

static uint64_t argument(struct self *self, char kind)
{
    static const uint64_t edges[] = {0, 1, 7, 8, 4095, 4096, 1ul << 31, 1ul << 32, 0x7ffffffff000, 0x800000000000, ~0ul, 1ul << 63, ~0ul - 4095};
    struct chance *c = &self->chance;
    if (one_in(c, 64))
        return edges[next(c) % (sizeof edges / sizeof edges[0])];
    switch (kind) {
    case 'h': return a_handle(c);
    case 's': return one_in(c, 5) ? a_handle(c) : SELF(HANDLE_SELF_PROCESS) - next(c) % 3;
    case 'a': return (uint64_t)area + next(c) % AREA_PAGES * 4096;
    case 'b': return one_in(c, 8) ? (uint64_t)area + next(c) % (AREA_PAGES * 4096) : (uint64_t)self->bytes + next(c) % 64 * 8;
    case 'l': return one_in(c, 4) ? next(c) % 100000 : next(c) % 512;
    case 'L': return (1 + next(c) % 24) * 4096;
    case 'o': return one_in(c, 2) ? next(c) % 16 * 4096 : next(c) % (1ul << (next(c) % 34));
    case 'p': return one_in(c, 3) ? PLACE_HIGH : one_in(c, 8) ? PLACE_EXACT(3 + next(c) % 200) : PLACE_LOW(3);
    case 'f': return next(c) & 0xf;
    case 'P': return (next(c) & 7) | (one_in(c, 2) ? MAP_SHARED_ : 0) | (one_in(c, 3) ? MAP_EXACT_ : 0) | (one_in(c, 12) ? next(c) & 0x3ff00 : 0);
    case 'd': return one_in(c, 3) ? 0 : now_ns() + next(c) % 3000000;
    case 'w': return (uint64_t)&words[next(c) % 16];
    case 'n': return next(c) % 12;
    case 'r': return next(c) & RIGHT_ALL;
    default: return next(c);
    }
}

/* A structure that some call may like, in the bytes that the next call may point to. */
static void prepare_bytes(struct self *self)
{
    struct chance *c = &self->chance;
    char *at = self->bytes + next(c) % 64 * 8;
    switch (next(c) % 7) {
    case 0:
        *(struct file_attributes *)(void *)at = (struct file_attributes){.type = FILE_REGULAR, .size_bytes = next(c) % 1000000, .mode = 0600};
        break;
    case 1:
        for (int i = 0; i < 8; i++)
            ((struct poll_entry *)(void *)at)[i] = (struct poll_entry){.handle = (handle_t)a_handle(c), .wanted = (uint16_t)next(c)};
        break;
    case 2:
        for (int i = 0; i < 4; i++)
            ((struct io_vector *)(void *)at)[i] = (struct io_vector){argument(self, 'b'), argument(self, 'l')};
        break;
    case 3:
        *(struct process_arguments *)(void *)at = (struct process_arguments){
            .space = (handle_t)(one_in(c, 2) ? SELF(HANDLE_NONE) : a_handle(c)), .name_space = HANDLE_NONE, .group = HANDLE_NONE,
            .identity = HANDLE_NONE, .entry = argument(self, 'a'), .stack = argument(self, 'a'), .handle_count = (uint32_t)(next(c) % 2)};
        break;
    case 4:
        *(struct context_arguments *)(void *)at = (struct context_arguments){.entry = argument(self, 'a'), .stack = argument(self, 'a'), .fs_base = UINT64_MAX};
        break;
    case 5:
        *(struct clone_arguments *)(void *)at = (struct clone_arguments){.flags = (uint32_t)next(c) & 3, .fs_base = UINT64_MAX};
        break;
    default:
        for (int i = 0; i < 16; i++)
            ((uint64_t *)(void *)at)[i] = next(c);
    }
}

static void keep(struct self *self, int64_t handle)
{
    if (handle >= 3 && handle < 1 << 20)
        pool[next(&self->chance) % POOL] = (int32_t)handle;
}

static void message_words(struct self *self, const struct call *call, struct registers *r)
{
    struct chance *c = &self->chance;
    uint64_t kind = next(c) % 12 | (one_in(c, 2) ? KIND_SEND_DATA : 0) | (one_in(c, 2) ? KIND_RECEIVE_DATA : 0) |
                    (one_in(c, 4) ? KIND_SEND_HANDLE : 0) | (one_in(c, 4) ? KIND_RECEIVE_HANDLE : 0) | (one_in(c, 2) ? KIND_INTERRUPTIBLE : 0) |
                    (one_in(c, 4) ? KIND_IDEMPOTENT : 0);
    r->rsi = kind;
    r->rdx = next(c) % 10, r->r10 = next(c) % 10;
    r->r8 = argument(self, 'p');
    r->r9 = a_handle(c);
    r->rbx = argument(self, 'b'), r->r12 = argument(self, 'l');
    r->r13 = argument(self, 'b'), r->r14 = argument(self, 'l');
    r->rbp = call->number == SYS_submit ? a_handle(c) : next(c) % 10;
    r->r15 = next(c) % 8;
    if (call->number == SYS_receive)
        r->rsi = now_ns() + next(c) % 2000000;
    if (call->number == SYS_receive || call->number == SYS_reply || call->number == SYS_reply_receive)
        r->rdi = (uint64_t)shared_endpoint[next(c) % SHARED_ENDPOINTS];
}

/* What was started so is known to nobody else, and may wait for ever: it is ended again. */
static void start_and_kill(struct self *self)
{
    int64_t process = trap_5(SYS_handle_dup, a_handle(&self->chance), PLACE_HIGH, 0, 0, 0);
    if (process < 0)
        return;
    trap_3(SYS_process_start, (uint64_t)process, 0, 0);
    for (uint64_t n = next(&self->chance) % 20; n > 0; n--)
        trap_0(SYS_yield);
    trap_2(SYS_process_kill, (uint64_t)process, 0);
    trap_1(SYS_handle_close, (uint64_t)process);
}

static void one_call(struct self *self)
{
    struct chance *c = &self->chance;
    const struct call *call = &calls[next(c) % CALLS];
    while (next(c) % 30 >= call->weight)
        call = &calls[next(c) % CALLS];
    if (call->number == SYS_process_start) {
        if (generation == 0)
            start_and_kill(self);
        return;
    }
    struct registers r = {.rax = call->number};
    uint64_t *places[] = {&r.rdi, &r.rsi, &r.rdx, &r.r10, &r.r8, &r.r9};
    for (int i = 0; i < 6 && call->arguments[i]; i++)
        *places[i] = argument(self, call->arguments[i]);
    if (call->number <= SYS_reply)
        message_words(self, call, &r);
    bool pair = call->number == SYS_pipe_create || call->number == SYS_channel_create;
    if (pair)
        r.rdi = (uint64_t)self->bytes;
    trap_all(&r);
    if (call->number == SYS_process_clone && r.rax == 0) { /* we are the child of it */
        if (++generation > GENERATIONS)
            trap_1(SYS_process_exit, 0);
        ends_at = now_ns() + 20000000;
    }
    if (call->makes_handle)
        keep(self, (int64_t)r.rax);
    if (pair && r.rax == 0) {
        keep(self, ((int32_t *)(void *)self->bytes)[0]);
        keep(self, ((int32_t *)(void *)self->bytes)[1]);
    }
}

static void serve(struct self *self)
{
    struct chance *c = &self->chance;
    uint64_t endpoint = (uint64_t)shared_endpoint[next(c) % SHARED_ENDPOINTS];
    void *room = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int64_t wired = trap_6(SYS_map, SELF(HANDLE_SELF_SPACE), 0, 16384, PROT_READ_ | PROT_WRITE_ | MAP_WIRED_, SELF(HANDLE_NONE), 0);
    trap_3(SYS_endpoint_attach, endpoint, wired >= 0 ? (uint64_t)wired : (uint64_t)room, 16384);
    while (now_ns() < ends_at) {
        struct registers r = {.rax = SYS_receive, .rdi = endpoint, .rsi = now_ns() + 5000000};
        trap_all(&r);
        if ((int64_t)r.rax < 0 || r.rax >= 0xf000)
            continue;
        uint64_t id = r.rdi;
        if (one_in(c, 10))
            trap_5(SYS_request_read, endpoint, id, next(c) % 10000, (uint64_t)self->bytes, next(c) % 5000);
        if (one_in(c, 10))
            trap_5(SYS_request_write, endpoint, id, next(c) % 10000, (uint64_t)self->bytes, next(c) % 5000);
        if (one_in(c, 12))
            continue; /* never answered */
        struct registers answer = {.rax = one_in(c, 3) ? SYS_reply_receive : SYS_reply, .rdi = endpoint, .rsi = id, .rbp = next(c) % 9000, .r15 = next(c) % 8,
                                   .r9 = a_handle(c), .rbx = argument(self, 'b'), .r12 = argument(self, 'l')};
        if (answer.rax == SYS_reply_receive && one_in(c, 2))
            answer.rsi = next(c) % 5;
        trap_all(&answer);
    }
}

static void *context_body(void *argument_)
{
    struct self *self = argument_;
    if (self->serves)
        serve(self);
    while (now_ns() < ends_at) {
        if (one_in(&self->chance, 3))
            prepare_bytes(self);
        one_call(self);
    }
    return NULL;
}

static void worker(uint64_t seed, int milliseconds)
{
    static struct self selves[CONTEXTS];
    pthread_t threads[CONTEXTS];
    ends_at = now_ns() + (uint64_t)milliseconds * 1000000;
    int nothing = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++)
        dup2(nothing, i);
    area = mmap(NULL, AREA_PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < POOL; i++)
        pool[i] = 3 + i % 8;
    for (int i = 0; i < CONTEXTS; i++) {
        chance_seed(&selves[i].chance, seed * 16 + (uint64_t)i);
        selves[i].bytes = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        selves[i].serves = i == 0;
        if (i > 0 && pthread_create(&threads[i], NULL, context_body, &selves[i]) != 0)
            break;
    }
    context_body(&selves[0]);
    _exit(0);
}

static bool one_round(uint64_t seed, int processes, int milliseconds)
{
    pid_t children[32];
    struct chance c;
    chance_seed(&c, seed);
    for (int i = 0; i < SHARED_ENDPOINTS; i++) {
        shared_endpoint[i] = trap_2(SYS_endpoint_create, 0, PLACE_LOW(3));
        shared_resource[i] = trap_6(SYS_resource_create, (uint64_t)shared_endpoint[i], 100 + (uint64_t)i, RIGHT_ALL,
                                    (uint64_t)(i % 2) * RESOURCE_RESTARTABLE, PLACE_LOW(3), STREAM_READ | STREAM_WRITE);
    }
    for (int i = 0; i < processes && i < 32; i++) {
        children[i] = fork();
        if (children[i] == 0)
            worker(seed * 64 + (uint64_t)i, milliseconds);
    }
    uint64_t until = now_ns() + (uint64_t)milliseconds * 1000000;
    while (now_ns() < until) { /* some die early, and others take their place */
        int i = (int)(next(&c) % (uint64_t)(processes < 32 ? processes : 32));
        usleep(20000);
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
        children[i] = fork();
        if (children[i] == 0)
            worker(next(&c), milliseconds);
    }
    bool good = true;
    for (int i = 0; i < processes && i < 32; i++) {
        kill(children[i], SIGKILL);
        good &= waitpid(children[i], NULL, 0) == children[i];
    }
    for (int i = 0; i < SHARED_ENDPOINTS; i++) {
        trap_1(SYS_handle_close, (uint64_t)shared_resource[i]);
        trap_1(SYS_handle_close, (uint64_t)shared_endpoint[i]);
    }
    return good;
}

int random_calls(uint64_t seed, int rounds, int processes, int milliseconds)
{
    static struct counts before, after;
    for (int i = 0; i <= rounds / 3; i++) /* until all caches and shelves have been used */
        one_round(seed + 500 + (uint64_t)i, processes, milliseconds);
    counts_settle(&before);
    for (int i = 1; i <= rounds; i++) {
        char name[64];
        snprintf(name, sizeof name, "random calls of seed %lu", (unsigned long)seed + (unsigned long)i);
        report(name, one_round(seed + (uint64_t)i, processes, milliseconds));
    }
    counts_settle(&after);
    report("the kernel holds what it held before", counts_compare(&before, &after, 24, 512));
    return 0;
}
