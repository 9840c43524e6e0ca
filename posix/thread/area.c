/* SPDX-License-Identifier: MIT
 * Thread areas. */
#include "posix/thread/area.h"
#include "base/string.h"
#include "sys/syscall.h"

static bool is_mapped(const struct process *p, uint32_t index)
{
    return p->areas_mapped[index / 64] >> (index % 64) & 1;
}

/* EXISTS: the place belongs to somebody else who shares the address space (a vfork child or its parent). */
static enum status map_area(struct process *p, uint32_t index)
{
    uint64_t at;
    TRY(sys_map(HANDLE_SELF_SPACE, area_address(p, index), THREAD_AREA_BYTES,
                MAP_NO_REPLACE_ | MAP_WIRED_ | PROT_READ_ | PROT_WRITE_, HANDLE_NONE, 0, &at));
    p->areas_mapped[index / 64] |= 1ull << (index % 64);
    return OK;
}

/* acquire: after the last thread on it has stored 0, its stack is quiet */
static bool is_free(const struct process *p, uint32_t index)
{
    return !p->threads[index] && __c11_atomic_load(&area_thread(p, index)->used, __ATOMIC_ACQUIRE) == 0;
}

enum status area_take_locked(struct process *p, struct thread **out)
{
    for (uint32_t i = 0; i < PROCESS_THREADS; i++) {
        if (p->threads[i])
            continue;
        if (!is_mapped(p, i)) {
            enum status status = map_area(p, i);
            if (status == ERR_EXISTS)
                continue;
            TRY(status);
        } else if (!is_free(p, i)) {
            continue;
        }
        struct thread *t = area_thread(p, i);
        memset(t, 0, sizeof *t);
        t->process = p;
        t->index = i;
        t->mask = thread_current()->mask;
        t->context = HANDLE_NONE;
        t->alternate.flags = LINUX_SS_DISABLE;
        __c11_atomic_store(&t->used, 1, __ATOMIC_RELAXED);
        p->threads[i] = t;
        p->thread_count++;
        *out = t;
        return OK;
    }
    return ERR_LIMIT;
}

void area_put_locked(struct process *p, struct thread *t)
{
    p->threads[t->index] = nullptr;
    p->thread_count--;
    __c11_atomic_store(&t->used, 0, __ATOMIC_RELEASE);
}

void areas_forget_others(struct process *p, struct thread *self)
{
    for (uint32_t i = 0; i < PROCESS_THREADS; i++) {
        if (i == self->index || !is_mapped(p, i))
            continue;
        p->threads[i] = nullptr;
        __c11_atomic_store(&area_thread(p, i)->used, 0, __ATOMIC_RELAXED);
    }
    p->thread_count = 1;
}
