/* SPDX-License-Identifier: MIT
 * One typed stub for each call of abi/syscall.def, which is the manual of what each does. Calls that make a handle or an address
 * return a status and set the output on success only; calls that count return the count (>= 0) or a status in one int64_t.
 * The message calls are in sys/message.h. No globals, no memory but the caller's. */
#pragma once
#include "abi/channel.h"
#include "abi/event.h"
#include "abi/file.h"
#include "abi/memory.h"
#include "abi/process.h"
#include "abi/syscall.h"
#include "base/span.h"
#include "base/try.h"
#include "sys/message.h"
#include "sys/trap.h"

static inline uint64_t sys_address(const volatile void *pointer) { return (uint64_t)(uintptr_t)pointer; }
static inline uint64_t sys_word(handle_t handle) { return (uint64_t)(int64_t)handle; }
/* OK for a count, the status for a failure. */
static inline enum status sys_status(int64_t answer) { return answer < 0 ? (enum status)answer : OK; }
static inline enum status sys_to_handle(int64_t answer, handle_t *out)
{
    if (answer < 0)
        return (enum status)answer;
    *out = (handle_t)answer;
    return OK;
}
static inline enum status sys_to_u64(int64_t answer, uint64_t *out)
{
    if (answer < 0)
        return (enum status)answer;
    *out = (uint64_t)answer;
    return OK;
}

/* -- messages ------------------------------------------------------------------------------------------------ */
static inline int64_t sys_request_read(handle_t endpoint, uint64_t request, uint64_t offset, struct span to)
{
    return trap_5(SYS_request_read, sys_word(endpoint), request, offset, sys_address(to.data), to.length);
}
static inline int64_t sys_request_write(handle_t endpoint, uint64_t request, uint64_t offset, struct view from)
{
    return trap_5(SYS_request_write, sys_word(endpoint), request, offset, sys_address(from.data), from.length);
}
static inline enum status sys_endpoint_create(uint32_t flags, placement_t place, handle_t *out_endpoint)
{
    return sys_to_handle(trap_2(SYS_endpoint_create, flags, place), out_endpoint);
}
static inline enum status sys_endpoint_attach(handle_t endpoint, struct span receive_buffer)
{
    return sys_status(trap_3(SYS_endpoint_attach, sys_word(endpoint), sys_address(receive_buffer.data), receive_buffer.length));
}
static inline enum status sys_resource_create(handle_t endpoint, uint64_t token, uint32_t rights, uint32_t flags,
                                              placement_t place, uint32_t stream_flags, handle_t *out_resource)
{
    return sys_to_handle(trap_6(SYS_resource_create, sys_word(endpoint), token, rights, flags, place, stream_flags), out_resource);
}
static inline enum status sys_readiness_set(handle_t endpoint, uint64_t token, uint32_t set, uint32_t clear)
{
    return sys_status(trap_4(SYS_readiness_set, sys_word(endpoint), token, set, clear));
}
static inline enum status sys_bind(handle_t endpoint, handle_t source, uint64_t tag)
{
    return sys_status(trap_3(SYS_bind, sys_word(endpoint), sys_word(source), tag));
}
static inline enum status sys_unbind(handle_t endpoint, handle_t source)
{
    return sys_status(trap_2(SYS_unbind, sys_word(endpoint), sys_word(source)));
}

/* -- handles and namespaces ---------------------------------------------------------------------------------- */
static inline enum status sys_handle_dup(handle_t handle, placement_t place, uint32_t rights, uint64_t expires_ns, uint32_t flags,
                                         handle_t *out_copy)
{
    return sys_to_handle(trap_5(SYS_handle_dup, sys_word(handle), place, rights, expires_ns, flags), out_copy);
}
static inline enum status sys_handle_close(handle_t handle)
{
    return sys_status(trap_1(SYS_handle_close, sys_word(handle)));
}
static inline enum status sys_handle_revoke(handle_t handle)
{
    return sys_status(trap_1(SYS_handle_revoke, sys_word(handle)));
}
static inline enum status sys_handle_info(handle_t handle, struct handle_info *out)
{
    return sys_status(trap_2(SYS_handle_info, sys_word(handle), sys_address(out)));
}
/* Answers the old flags. */
static inline int64_t sys_handle_flags(handle_t handle, uint32_t set, uint32_t clear)
{
    return trap_3(SYS_handle_flags, sys_word(handle), set, clear);
}
static inline enum status sys_open(struct view name, uint32_t open_flags, placement_t place, handle_t name_space, handle_t *out_handle)
{
    return sys_to_handle(trap_5(SYS_open, sys_address(name.data), name.length, open_flags, place, sys_word(name_space)), out_handle);
}
static inline enum status sys_namespace_create(handle_t narrow, placement_t place, handle_t *out_namespace)
{
    return sys_to_handle(trap_2(SYS_namespace_create, sys_word(narrow), place), out_namespace);
}
static inline enum status sys_namespace_bind(handle_t name_space, struct view scheme, handle_t root)
{
    return sys_status(trap_4(SYS_namespace_bind, sys_word(name_space), sys_address(scheme.data), scheme.length, sys_word(root)));
}

/* -- memory -------------------------------------------------------------------------------------------------- */
static inline enum status sys_memory_create(uint64_t size_bytes, uint32_t flags, placement_t place, handle_t *out_memory)
{
    return sys_to_handle(trap_3(SYS_memory_create, size_bytes, flags, place), out_memory);
}
/* `flags`: PROT_* | MAP_*; `hint` 0: anywhere. */
static inline enum status sys_map(handle_t space, uint64_t hint, uint64_t length, uint32_t flags, handle_t object, uint64_t offset,
                                  uint64_t *out_address)
{
    return sys_to_u64(trap_6(SYS_map, sys_word(space), hint, length, flags, sys_word(object), offset), out_address);
}
static inline enum status sys_unmap(handle_t space, uint64_t address, uint64_t length)
{
    return sys_status(trap_3(SYS_unmap, sys_word(space), address, length));
}
static inline enum status sys_protect(handle_t space, uint64_t address, uint64_t length, uint32_t protection)
{
    return sys_status(trap_4(SYS_protect, sys_word(space), address, length, protection));
}
static inline enum status sys_advise(handle_t space, uint64_t address, uint64_t length, uint32_t advice)
{
    return sys_status(trap_4(SYS_advise, sys_word(space), address, length, advice));
}
static inline enum status sys_remap(handle_t space, uint64_t address, uint64_t old_length, uint64_t new_length, uint32_t flags,
                                    uint64_t new_address, uint64_t *out_address)
{
    return sys_to_u64(trap_6(SYS_remap, sys_word(space), address, old_length, new_length, flags, new_address), out_address);
}
static inline enum status sys_space_create(placement_t place, handle_t *out_space)
{
    return sys_to_handle(trap_1(SYS_space_create, place), out_space);
}
static inline int64_t sys_space_read(handle_t space, uint64_t address, struct span to)
{
    return trap_4(SYS_space_read, sys_word(space), address, sys_address(to.data), to.length);
}
static inline int64_t sys_space_write(handle_t space, uint64_t address, struct view from)
{
    return trap_4(SYS_space_write, sys_word(space), address, sys_address(from.data), from.length);
}
static inline enum status sys_space_query(handle_t space, uint64_t address, struct mapping_info *out)
{
    return sys_status(trap_3(SYS_space_query, sys_word(space), address, sys_address(out)));
}

/* -- files, streams, pipes ------------------------------------------------------------------------------------ */
static inline int64_t sys_read(handle_t handle, void *to, uint64_t length, uint64_t offset)
{
    return trap_4(SYS_read, sys_word(handle), sys_address(to), length, offset);
}
static inline int64_t sys_write(handle_t handle, const void *from, uint64_t length, uint64_t offset)
{
    return trap_4(SYS_write, sys_word(handle), sys_address(from), length, offset);
}
static inline int64_t sys_read_vector(handle_t handle, const struct io_vector *vector, uint64_t count, uint64_t offset)
{
    return trap_4(SYS_read_vector, sys_word(handle), sys_address(vector), count, offset);
}
static inline int64_t sys_write_vector(handle_t handle, const struct io_vector *vector, uint64_t count, uint64_t offset)
{
    return trap_4(SYS_write_vector, sys_word(handle), sys_address(vector), count, offset);
}
static inline int64_t sys_seek(handle_t handle, int64_t offset, uint32_t whence)
{
    return trap_3(SYS_seek, sys_word(handle), (uint64_t)offset, whence);
}
static inline enum status sys_stat(handle_t handle, struct file_attributes *out)
{
    return sys_status(trap_2(SYS_stat, sys_word(handle), sys_address(out)));
}
static inline enum status sys_sync(handle_t handle, uint32_t what)
{
    return sys_status(trap_2(SYS_sync, sys_word(handle), what));
}
static inline enum status sys_truncate(handle_t handle, uint64_t size)
{
    return sys_status(trap_2(SYS_truncate, sys_word(handle), size));
}
/* Answers the old STREAM_* flags. */
static inline int64_t sys_stream_flags(handle_t handle, uint32_t set, uint32_t clear)
{
    return trap_3(SYS_stream_flags, sys_word(handle), set, clear);
}
/* out_ends[0] is the end to read from, out_ends[1] the one to write to. */
static inline enum status sys_pipe_create(handle_t out_ends[2], placement_t place, uint32_t stream_flags)
{
    return sys_status(trap_3(SYS_pipe_create, sys_address(out_ends), place, stream_flags));
}
static inline enum status sys_file_create(handle_t endpoint, uint64_t token, const struct file_attributes *attributes,
                                          placement_t place, handle_t *out_file)
{
    return sys_to_handle(trap_4(SYS_file_create, sys_word(endpoint), token, sys_address(attributes), place), out_file);
}
static inline enum status sys_stream_create(handle_t file, uint32_t stream_flags, uint32_t rights, placement_t place,
                                            handle_t *out_stream)
{
    return sys_to_handle(trap_4(SYS_stream_create, sys_word(file), stream_flags, rights, place), out_stream);
}
static inline enum status sys_file_set(handle_t file, uint32_t mask, const struct file_attributes *attributes)
{
    return sys_status(trap_3(SYS_file_set, sys_word(file), mask, sys_address(attributes)));
}
/* `memory` HANDLE_NONE: zeros; a negative `length` is the status that the waiting readers get. */
static inline enum status sys_file_supply(handle_t file, uint64_t offset, int64_t length, handle_t memory, uint64_t memory_offset)
{
    return sys_status(trap_5(SYS_file_supply, sys_word(file), offset, (uint64_t)length, sys_word(memory), memory_offset));
}
static inline enum status sys_file_written(handle_t file, uint64_t offset, uint64_t length, enum status result)
{
    return sys_status(trap_4(SYS_file_written, sys_word(file), offset, length, (uint64_t)(int64_t)result));
}
static inline int64_t sys_file_read(handle_t file, uint64_t offset, struct span to)
{
    return trap_4(SYS_file_read, sys_word(file), offset, sys_address(to.data), to.length);
}

/* -- processes and contexts ----------------------------------------------------------------------------------- */
static inline enum status sys_process_create(const struct process_arguments *arguments, placement_t place, handle_t *out_process)
{
    return sys_to_handle(trap_2(SYS_process_create, sys_address(arguments), place), out_process);
}
/* In the parent: the child's handle. In a child that returns here (arguments->entry 0): 0, and the words of process_start. */
static inline int64_t sys_process_clone(const struct clone_arguments *arguments, placement_t place, uint64_t out_words[2])
{
    int64_t answer;
    uint64_t word_0 = 0;
    register uint64_t word_1 __asm__("r8") = 0;
    __asm__ volatile("syscall"
                     : "=a"(answer), "+d"(word_0), "+r"(word_1)
                     : "a"((uint64_t)SYS_process_clone), "D"(sys_address(arguments)), "S"(place)
                     : "rcx", "r11", "memory");
    out_words[0] = word_0;
    out_words[1] = word_1;
    return answer;
}
static inline enum status sys_process_start(handle_t process, uint64_t word_0, uint64_t word_1)
{
    return sys_status(trap_3(SYS_process_start, sys_word(process), word_0, word_1));
}
static inline enum status sys_process_exec(const struct exec_arguments *arguments)
{
    return sys_status(trap_1(SYS_process_exec, sys_address(arguments)));
}
[[noreturn]] static inline void sys_process_exit(uint64_t exit_status)
{
    trap_1(SYS_process_exit, exit_status);
    __builtin_trap();
}
static inline enum status sys_process_kill(handle_t process, uint64_t exit_status)
{
    return sys_status(trap_2(SYS_process_kill, sys_word(process), exit_status));
}
static inline enum status sys_process_info(handle_t process, struct process_info *out)
{
    return sys_status(trap_2(SYS_process_info, sys_word(process), sys_address(out)));
}
static inline enum status sys_process_suspend(handle_t process, bool suspend)
{
    return sys_status(trap_2(SYS_process_suspend, sys_word(process), suspend));
}
static inline enum status sys_context_create(const struct context_arguments *arguments, placement_t place, handle_t *out_context)
{
    return sys_to_handle(trap_2(SYS_context_create, sys_address(arguments), place), out_context);
}
[[noreturn]] static inline void sys_context_exit(uint32_t *word)
{
    trap_1(SYS_context_exit, sys_address(word));
    __builtin_trap();
}
static inline enum status sys_notify(handle_t process_or_context)
{
    return sys_status(trap_1(SYS_notify, sys_word(process_or_context)));
}
static inline enum status sys_personality_set(handle_t process, const struct personality *personality)
{
    return sys_status(trap_2(SYS_personality_set, sys_word(process), sys_address(personality)));
}
static inline enum status sys_credential_set(handle_t identity, handle_t process, uint64_t token)
{
    return sys_status(trap_3(SYS_credential_set, sys_word(identity), sys_word(process), token));
}
static inline enum status sys_process_limit(handle_t identity, handle_t process, uint32_t which, uint64_t value)
{
    return sys_status(trap_4(SYS_process_limit, sys_word(identity), sys_word(process), which, value));
}
static inline enum status sys_group_self(placement_t where, handle_t *out)
{
    return sys_to_handle(trap_1(SYS_group_self, where), out);
}
static inline enum status sys_group_enter(handle_t group)
{
    return sys_status(trap_1(SYS_group_enter, sys_word(group)));
}
static inline enum status sys_filter_set(const uint64_t allowed[2])
{
    return sys_status(trap_1(SYS_filter_set, sys_address(allowed)));
}
static inline enum status sys_schedule_set(handle_t context, uint32_t priority, uint64_t affinity)
{
    return sys_status(trap_3(SYS_schedule_set, sys_word(context), priority, affinity));
}
static inline enum status sys_realtime_set(handle_t realtime, handle_t context, uint32_t priority, uint32_t policy)
{
    return sys_status(trap_4(SYS_realtime_set, sys_word(realtime), sys_word(context), priority, policy));
}
static inline enum status sys_context_info(handle_t context, struct context_info *out)
{
    return sys_status(trap_2(SYS_context_info, sys_word(context), sys_address(out)));
}
static inline int64_t sys_context_list(handle_t process, struct context_info *out_list, uint64_t count)
{
    return trap_3(SYS_context_list, sys_word(process), sys_address(out_list), count);
}

/* -- time, synchronization, events ---------------------------------------------------------------------------- */
static inline int64_t sys_futex(volatile uint32_t *word, uint32_t operation, uint64_t value, uint64_t deadline_ns,
                                volatile uint32_t *other, uint64_t other_value)
{
    return trap_6(SYS_futex, sys_address(word), operation, value, deadline_ns, sys_address(other), other_value);
}
static inline void sys_yield(void) { trap_0(SYS_yield); }
static inline enum status sys_clock_get(uint32_t clock, uint64_t *out_ns)
{
    return sys_to_u64(trap_1(SYS_clock_get, clock), out_ns);
}
static inline enum status sys_sleep(uint64_t deadline_ns) { return sys_status(trap_1(SYS_sleep, deadline_ns)); }
static inline enum status sys_timer_create(placement_t place, handle_t *out_timer)
{
    return sys_to_handle(trap_1(SYS_timer_create, place), out_timer);
}
/* Answers the ns that were left; first_ns 0 disarms. */
static inline int64_t sys_timer_set(handle_t timer, uint64_t first_ns, uint64_t period_ns)
{
    return trap_3(SYS_timer_set, sys_word(timer), first_ns, period_ns);
}
static inline int64_t sys_poll(struct poll_entry *entries, uint64_t count, uint64_t deadline_ns)
{
    return trap_3(SYS_poll, sys_address(entries), count, deadline_ns);
}
static inline enum status sys_queue_create(placement_t place, handle_t *out_queue)
{
    return sys_to_handle(trap_1(SYS_queue_create, place), out_queue);
}
static inline enum status sys_queue_control(handle_t queue, uint32_t operation, handle_t handle, uint32_t mask, uint64_t tag)
{
    return sys_status(trap_5(SYS_queue_control, sys_word(queue), operation, sys_word(handle), mask, tag));
}
static inline int64_t sys_queue_wait(handle_t queue, struct queue_event *out_events, uint64_t count, uint64_t deadline_ns)
{
    return trap_4(SYS_queue_wait, sys_word(queue), sys_address(out_events), count, deadline_ns);
}
static inline enum status sys_doorbell_create(placement_t place, handle_t *out_doorbell)
{
    return sys_to_handle(trap_1(SYS_doorbell_create, place), out_doorbell);
}
static inline enum status sys_doorbell_ring(handle_t doorbell)
{
    return sys_status(trap_1(SYS_doorbell_ring, sys_word(doorbell)));
}
static inline enum status sys_log_write(handle_t log, uint32_t level, struct view text)
{
    return sys_status(trap_4(SYS_log_write, sys_word(log), level, sys_address(text.data), text.length));
}
static inline int64_t sys_null(void) { return trap_0(SYS_null); }
static inline enum status sys_system_info(struct system_info *out)
{
    return sys_status(trap_1(SYS_system_info, sys_address(out)));
}
static inline enum status sys_random(struct span to)
{
    return sys_status(trap_2(SYS_random, sys_address(to.data), to.length));
}
static inline enum status sys_channel_create(handle_t out_ends[2], uint32_t flags, placement_t place)
{
    return sys_status(trap_3(SYS_channel_create, sys_address(out_ends), flags, place));
}
static inline int64_t sys_channel_send(handle_t channel, const struct channel_message *m)
{
    return trap_2(SYS_channel_send, sys_word(channel), sys_address(m));
}
static inline int64_t sys_channel_receive(handle_t channel, struct channel_message *m)
{
    return trap_2(SYS_channel_receive, sys_word(channel), sys_address(m));
}
static inline enum status sys_channel_shut(handle_t channel, uint32_t what)
{
    return sys_status(trap_2(SYS_channel_shut, sys_word(channel), what));
}
static inline enum status sys_channel_info(handle_t channel, struct channel_info *out)
{
    return sys_status(trap_2(SYS_channel_info, sys_word(channel), sys_address(out)));
}
static inline enum status sys_channel_listen(handle_t channel, uint64_t backlog)
{
    return sys_status(trap_2(SYS_channel_listen, sys_word(channel), backlog));
}
static inline enum status sys_channel_connector(handle_t channel, placement_t place, struct view name, handle_t *out_connector)
{
    return sys_to_handle(trap_4(SYS_channel_connector, sys_word(channel), place, sys_address(name.data), name.length), out_connector);
}
static inline enum status sys_channel_connect(handle_t channel, handle_t connector, uint32_t flags)
{
    return sys_status(trap_3(SYS_channel_connect, sys_word(channel), sys_word(connector), flags));
}
static inline enum status sys_channel_accept(handle_t channel, placement_t place, uint32_t stream_flags, uint32_t flags, handle_t *out_end)
{
    return sys_to_handle(trap_4(SYS_channel_accept, sys_word(channel), place, stream_flags, flags), out_end);
}
static inline enum status sys_identity_create(placement_t place, handle_t *out_identity)
{
    return sys_to_handle(trap_1(SYS_identity_create, place), out_identity);
}

/* Private anonymous memory of the calling process: the commonest map. */
static inline enum status sys_map_anonymous(uint64_t length, uint32_t flags, void **out)
{
    int64_t answer = trap_6(SYS_map, sys_word(HANDLE_SELF_SPACE), 0, length, flags | PROT_READ_ | PROT_WRITE_, sys_word(HANDLE_NONE), 0);
    if (answer < 0)
        return (enum status)answer;
    *out = (void *)(uintptr_t)answer;
    return OK;
}
