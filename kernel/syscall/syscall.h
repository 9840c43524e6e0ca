/* SPDX-License-Identifier: MIT
 * System calls: one handler each, named sys_NAME after abi/syscall.def, found through one table. A handler reads its arguments from
 * the frame, looks at everything first, and returns what goes into rax. Message calls write the frame's words themselves. Of a call
 * that is on an object, the table says which kind and rights: the handler gets the object, which stays until it returns. */
#pragma once
#include "abi/message.h"
#include "abi/syscall.h"
#include "arch/trap.h"
#include "base/try.h"
#include "kernel/core/addresses.h"
#include "kernel/core/cpu.h"
#include "kernel/object/handle_table.h"
#include "kernel/task/process.h"

typedef int64_t system_call_handler(struct trap_frame *f);
typedef int64_t object_call_handler(struct trap_frame *f, struct object *o);

#define SYSCALL(number, name, arguments) system_call_handler sys_##name;
#define SYSCALL_ON(number, name, kind, rights, arguments) object_call_handler sys_##name;
#include "abi/syscall.def"
#undef SYSCALL

#define ARG0(f) ((f)->rdi)
#define ARG1(f) ((f)->rsi)
#define ARG2(f) ((f)->words[WORD_RDX])
#define ARG3(f) ((f)->words[WORD_R10])
#define ARG4(f) ((f)->words[WORD_R8])
#define ARG5(f) ((f)->words[WORD_R9])

static inline struct process *caller(void) { return current()->process; }
static inline struct handle_table *caller_handles(void) { return current()->process->handles; }

/* TRY in a handler: the status becomes the answer. */
#define TRY_CALL(expression)                                     \
    do {                                                         \
        enum status try_call_status_ = (expression);             \
        if (unlikely(try_call_status_ != OK))                    \
            return try_call_status_;                             \
    } while (0)

/* Gives the caller a handle on a fresh object whose only reference is ours; on failure the object is gone. */
int64_t install_new(struct object *o, uint32_t rights, placement_t where);
/* The same for two, whose handles are written to out_pair; on failure both objects are gone. */
int64_t install_pair(struct object *first, uint32_t first_rights, struct object *second, uint32_t second_rights, placement_t where,
                     user_addr_t out_pair);
/* The object that a handle names, or of the caller's own what a pseudo handle does, with a reference. */
enum status object_argument(uint64_t handle, enum object_kind kind, uint32_t rights, struct object **out);
/* The caller's own; null: it is no pseudo handle. */
struct object *self_object(handle_t pseudo);
static inline struct process *process_of(struct object *o) { return container_of(o, struct process, object); }
