/* SPDX-License-Identifier: MIT
 * The way of almost every message: eight words, at most a page of memory that is there, no handle, a server that waits on this CPU, a client
 * that waits for its answer. Straight from the system call's entry, one function each way; the context that falls asleep leaves nothing on its kernel stack
 * but its frame (arch/trap.h). Whatever is not so takes the long way (call.c, endpoint.c), which does the same in general; both leave
 * requests, endpoints and contexts in the same states. A function here changes nothing before it knows that it will go through. Bytes are
 * copied with no lock held: on the way there while the server is claimed and knows of nothing, on the way back before all else.
 *
 * The current context goes from RUNNING straight to BLOCKED under the endpoint's lock: it has nothing left to test, and who wins it away
 * waits only for its stack, which is free at once.
 *
 * Models: tests/models/door.pml, call.pml. */
#include "abi/syscall.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/user_copy.h"
#include "kernel/task/process.h"
#include "kernel/task/switch.h"

#define KIND_BYTES (KIND_SEND_DATA | KIND_RECEIVE_DATA)
#define KIND_HANDLES (KIND_SEND_HANDLE | KIND_RECEIVE_HANDLE)
#define FILTER_BIT(call) (1ull << ((call) - SYSCALL_FIRST))

static const struct door_switch long_way;
static inline struct door_switch answered(struct context *self) { return (struct door_switch){.from = &self->arch}; }

static inline void copy_words(uint64_t *to, const uint64_t *from)
{
    uint64_t a = from[0], b = from[1], c = from[2], d = from[3];
    to[0] = a, to[1] = b, to[2] = c, to[3] = d;
    a = from[4], b = from[5], c = from[6], d = from[7];
    to[4] = a, to[5] = b, to[6] = c, to[7] = d;
}

/* A server that waits on this CPU, claimed; null: look further the long way. The bit of waiting_cpus may stay: it is a hint. */
static inline struct context *take_local_server(struct endpoint *e, uint32_t cpu)
{
    struct list_node *n = e->waiting[cpu].next;
    if (unlikely(n == &e->waiting[cpu]))
        return nullptr;
    struct context *server = list_entry(n, struct context, receive_link);
    list_remove(n);
    return likely(context_claim(server)) ? server : nullptr;
}

static bool is_simple_range(uint64_t address, uint64_t length) { return length <= PAGE_BYTES && user_range_valid(user(address), length); }

static bool bytes_are_simple(uint32_t kind, const uint64_t *words)
{
    return (!(kind & KIND_SEND_DATA) || is_simple_range(words[WORD_SEND_ADDRESS], words[WORD_SEND_LENGTH])) &&
           (!(kind & KIND_RECEIVE_DATA) || is_simple_range(words[WORD_RECEIVE_ADDRESS], words[WORD_RECEIVE_LENGTH]));
}

/* What the client sends goes into the buffer of the server, which is claimed. e.lock is held, but not for the copy, and afterwards unless
 * false: the bytes are not there, or the server's end came meanwhile; then all is as before, and the server looks once more for work. */
static bool send_bytes(struct endpoint *e, struct resource *resource, struct context *server, const uint64_t *words)
{
    const struct receive_buffer *b = server->buffer;
    spin_unlock(&e->lock);
    bool arrived = b && copy_from_user_present(b->pages[0], user(words[WORD_SEND_ADDRESS]), words[WORD_SEND_LENGTH]);
    spin_lock(&e->lock);
    if (likely(arrived && !e->dead && !resource->dead))
        return true;
    spin_unlock(&e->lock);
    context_ready(server);
    object_put(&resource->object);
    return false;
}

/* The request keeps what the client asked; the words that go on tell the server where its own bytes are. */
static void describe_bytes(struct request *r, const struct process *p, const struct context *server, uint64_t *words)
{
    copy_words(r->own_words, words);
    r->words = r->own_words;
    r->space = p->space;
    r->handles = p->handles;
    if (r->kind & KIND_SEND_DATA)
        words[WORD_SEND_ADDRESS] = server->buffer->address;
    if (r->kind & KIND_RECEIVE_DATA)
        words[WORD_RECEIVE_ADDRESS] = 0;
}

/* The request is the server's, and so is the client's time. */
ALWAYS_INLINE void present(struct request *r, struct context *client, struct context *server, struct endpoint *e, struct resource *resource,
                           struct trap_frame *f, bool bytes)
{
    const struct process *p = client->process;
    struct trap_frame *to = arch_context_frame(&server->arch);
    struct schedule *entity = client->schedule;
    uint32_t kind = (uint32_t)f->rsi;
    uint64_t caller = p->object.id, credential = p->credential, id = request_next_id(r);
    r->client = client;
    r->server = server;
    r->endpoint = e;
    r->resource = resource;
    r->kind = kind;
    r->words = r->answer = f->words;
    if (bytes)
        describe_bytes(r, p, server, f->words);
    r->caller = caller;
    r->credential = credential;
    r->state = REQUEST_OPEN;
    server->serving = r;
    server->schedule = entity;
    __atomic_store_n(&entity->runner, server, __ATOMIC_RELAXED);
    list_push_back(&e->open, &r->link);
    e->events_in_row = 0;
    to->rax = kind;
    to->rdi = id;
    to->rsi = resource->token;
    to->rbp = caller;
    to->r15 = credential;
}

/* Its frame must hold all of its message when it goes on by an ordinary switch. */
static void deliver_words(struct context *server, const struct trap_frame *f)
{
    copy_words(arch_context_frame(&server->arch)->words, f->words);
    server->delivered = true;
}

static inline struct door_switch door_to(struct cpu *cpu, struct context *from, struct context *to)
{
    switch_load(cpu, to);
    return (struct door_switch){&to->arch, &from->arch};
}

/* `bytes`: it sends or receives some; a constant, so that the most frequent call has no test of it. */
ALWAYS_INLINE struct door_switch call_at_door(struct trap_frame *f, bool bytes)
{
    struct cpu *cpu = this_cpu();
    struct context *c = cpu->current;
    struct handle_table *t = c->process->handles;
    if (unlikely((uint32_t)f->rsi & (KIND_HANDLES | KIND_FROM_KERNEL) || !(c->process->filter[0] & FILTER_BIT(SYS_call))))
        return long_way;
    if (bytes && !bytes_are_simple((uint32_t)f->rsi, f->words))
        return long_way;
    spin_lock(&t->lock);
    struct object *o = handle_peek_locked(t, (handle_t)f->rdi);
    if (unlikely(!o || o->type->kind != OBJECT_RESOURCE)) {
        spin_unlock(&t->lock);
        return long_way;
    }
    struct resource *resource = container_of(o, struct resource, object);
    struct endpoint *e = resource->endpoint;
    struct context *server = nullptr;
    spin_lock(&e->lock);
    if (likely(!e->dead && !resource->dead))
        server = take_local_server(e, cpu->number);
    if (unlikely(!server)) {
        spin_unlock(&e->lock);
        spin_unlock(&t->lock);
        return long_way;
    }
    object_get(o);
    spin_unlock(&t->lock);
    if (bytes && f->rsi & KIND_SEND_DATA && !send_bytes(e, resource, server, f->words))
        return long_way;
    cpu->calls++;
    struct request *r = c->request;
    present(r, c, server, e, resource, f, bytes);
    if (unlikely(!server->arch.at_door))
        deliver_words(server, f);
    c->arch.at_door = AT_DOOR_CALL;
    /* Asleep before the lock is given back: who answers instead of the server, because the endpoint dies, finds us BLOCKED. */
    bool sleeps = switch_block_for(cpu, c, server, WAIT_KILLABLE | (r->kind & KIND_INTERRUPTIBLE ? WAIT_INTERRUPTIBLE : 0));
    if (likely(sleeps)) {
        spin_unlock(&e->lock);
        return door_to(cpu, c, server);
    }
    c->arch.at_door = AT_DOOR_NOT; /* somebody wants this context: the long way finds out who */
    deliver_words(server, f);
    spin_unlock(&e->lock);
    context_ready(server);
    f->rax = (uint64_t)ipc_call_await(r);
    return answered(c);
}

AT_STACK_BOTTOM static struct door_switch call_with_bytes(struct trap_frame *f) { return call_at_door(f, true); }

AT_STACK_BOTTOM struct door_switch door_call(struct trap_frame *f)
{
    count_closed_begin();
    if (unlikely((uint32_t)f->rsi & KIND_BYTES))
        [[clang::musttail]] return call_with_bytes(f);
    return call_at_door(f, false);
}

/* The reference that the request has on its resource goes; false: it is the last one, which nobody may drop holding the lock. */
static inline bool resource_let_go(struct resource *resource)
{
    if (likely(__atomic_sub_fetch(&resource->object.references, 1, __ATOMIC_ACQ_REL)))
        return true;
    __atomic_store_n(&resource->object.references, 1, __ATOMIC_RELAXED);
    return false;
}

/* The bytes of an answer go first, while its client has to stay; then it is an answer without. False: it is one for the long way. */
static bool answer_bytes(struct trap_frame *f)
{
    struct endpoint *e = current()->attached;
    struct request *r = current()->serving;
    spin_lock(&e->lock);
    bool is_ours = f->r15 == REPLY_DATA && r->id == f->rsi && r->state == REQUEST_OPEN && r->endpoint == e && !r->busy && r->client &&
                   r->kind & KIND_RECEIVE_DATA;
    r->busy += is_ours;
    spin_unlock(&e->lock);
    if (unlikely(!is_ours))
        return false;
    uint64_t from = f->words[WORD_RECEIVE_ADDRESS], length = MIN(f->words[WORD_RECEIVE_LENGTH], r->words[WORD_RECEIVE_LENGTH]);
    if (likely(user_range_valid(user(from), length) &&
               space_copy_from_current_present(r->space, user(r->words[WORD_RECEIVE_ADDRESS]), user(from), length))) {
        f->words[WORD_RECEIVE_LENGTH] = length;
        f->words[WORD_RECEIVE_ADDRESS] = 0;
    } else {
        enum status status = request_carry(r, REPLY_DATA, f->words);
        if (unlikely(status != OK) && (int64_t)f->rbp >= 0)
            f->rbp = (uint64_t)(int64_t)status;
    }
    f->r15 = 0;
    spin_lock(&e->lock);
    r->busy--;
    spin_unlock(&e->lock);
    return true;
}

static inline void wait_at_door(struct context *self, struct context *client, struct endpoint *e, struct cpu *cpu)
{
    struct schedule *entity = self->schedule;
    self->serving = nullptr;
    self->delivered = false;
    self->schedule = &self->own;
    __atomic_store_n(&entity->runner, client, __ATOMIC_RELAXED);
    list_push_front(&e->waiting[cpu->number], &self->receive_link);
    e->waiting_cpus |= cpu->bit;
    self->arch.at_door = AT_DOOR_RECEIVE;
}

/* The client sleeps in C, or has to finish its request itself: it finds the answer where it looks for it. */
static void answer_in_memory(struct request *r, const struct trap_frame *f)
{
    copy_words(r->answer, f->words);
    r->result = (int64_t)f->rbp;
    /* Release: the answer is written before the client can see DONE. */
    __atomic_store_n(&r->state, REQUEST_DONE, __ATOMIC_RELEASE);
}

/* The client was claimed and cannot be switched to from here: it becomes ready, and the current context receives the ordinary way. */
static struct door_switch receive_in_c(struct context *self, struct context *client, struct endpoint *e, struct trap_frame *f)
{
    self->arch.at_door = AT_DOOR_NOT;
    if (client->arch.at_door) /* else its frame is its own, and the answer is where it asked for it */
        copy_words(arch_context_frame(&client->arch)->words, f->words);
    spin_unlock(&e->lock);
    context_ready(client);
    f->rax = (uint64_t)endpoint_receive_again(e);
    return answered(self);
}

AT_STACK_BOTTOM static struct door_switch answer_with_bytes(struct trap_frame *f)
{
    if (unlikely(!answer_bytes(f)))
        return long_way;
    [[clang::musttail]] return door_reply_receive(f);
}

AT_STACK_BOTTOM struct door_switch door_reply_receive(struct trap_frame *f)
{
    count_closed_begin();
    struct cpu *cpu = this_cpu();
    struct context *self = cpu->current;
    struct endpoint *e = self->attached;
    struct request *r = self->serving;
    if (unlikely(!r || r->id != f->rsi || !(self->process->filter[0] & FILTER_BIT(SYS_reply_receive)) ||
                 !handle_still_names(self->process->handles, (handle_t)f->rdi, &e->object, RIGHT_MANAGE)))
        return long_way;
    if (unlikely(f->r15))
        [[clang::musttail]] return answer_with_bytes(f);
    spin_lock(&e->lock);
    struct context *client = r->client;
    if (unlikely(r->state != REQUEST_OPEN || r->endpoint != e || r->busy || !client || e->dead || !list_is_empty(&e->notices) ||
                 !list_is_empty(&e->queue) || !context_claim(client))) {
        spin_unlock(&e->lock);
        return long_way;
    }
    cpu->calls++;
    list_remove(&r->link);
    r->server = nullptr;
    wait_at_door(self, client, e, cpu);
    if (unlikely(!client->arch.at_door)) {
        answer_in_memory(r, f);
    } else if (unlikely(!resource_let_go(r->resource))) {
        answer_in_memory(r, f);
        return receive_in_c(self, client, e, f);
    } else {
        arch_context_frame(&client->arch)->rax = f->rbp;
        r->state = REQUEST_FREE;
    }
    if (unlikely(!switch_block_for(cpu, self, client, WAIT_INTERRUPTIBLE | WAIT_KILLABLE)))
        return receive_in_c(self, client, e, f);
    spin_unlock(&e->lock);
    return door_to(cpu, self, client);
}

void door_return(struct trap_frame *f)
{
    switch_finish();
    struct context *self = current();
    uint32_t asked = self->arch.at_door;
    self->arch.at_door = AT_DOOR_NOT;
    if (asked == AT_DOOR_RECEIVE) {
        if (!self->delivered)
            f->rax = (uint64_t)endpoint_receive_again(self->attached);
    } else if (self->request->state != REQUEST_FREE) { /* FREE: the answer is in the frame, only its server could not switch to us */
        f->rax = (uint64_t)ipc_call_await(self->request);
    }
}
