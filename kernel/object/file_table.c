/* SPDX-License-Identifier: MIT
 * The numbers of paged files: a table in blocks that are added as needed and never freed. table_lock guards it; a file leaves the
 * table before it is freed, so a pointer found under the lock is alive as memory, and its count says whether as an object. */
#include "kernel/object/file_table.h"
#include "base/try.h"
#include "kernel/core/lock.h"
#include "kernel/mm/heap.h"
#include "kernel/object/file_object.h"

#define BLOCK_FILES 512u
#define BLOCKS 2048u

struct block { struct file_object *files[BLOCK_FILES]; };
static struct block *blocks[BLOCKS];
static uint32_t next_number = 1, free_head; /* a free slot holds the number of the next free one, shifted and odd */
static struct spinlock table_lock = SPINLOCK_INIT(RANK_INTERRUPT);

static struct file_object **slot_of(uint32_t number) { return &blocks[number / BLOCK_FILES]->files[number % BLOCK_FILES]; }
static struct file_object *free_mark(uint32_t next) { return (struct file_object *)(((uint64_t)next << 1) | 1); }

static enum status block_add(uint32_t index)
{
    if (index >= BLOCKS)
        return ERR_LIMIT;
    struct block *b = heap_allocate_zeroed(sizeof *b);
    if (!b)
        return ERR_NO_MEMORY;
    spin_lock(&table_lock);
    if (!blocks[index]) {
        blocks[index] = b;
        b = nullptr;
    }
    spin_unlock(&table_lock);
    heap_free(b, sizeof *b);
    return OK;
}

enum status file_number_take(struct file_object *f, uint32_t *out)
{
    for (;;) {
        spin_lock(&table_lock);
        uint32_t number = free_head ? free_head : next_number;
        bool room = blocks[number / BLOCK_FILES % BLOCKS] && number / BLOCK_FILES < BLOCKS;
        if (room) {
            if (free_head)
                free_head = (uint32_t)((uint64_t)*slot_of(number) >> 1);
            else
                next_number++;
            *slot_of(number) = f;
        }
        spin_unlock(&table_lock);
        if (room) {
            *out = number;
            return OK;
        }
        TRY(block_add(number / BLOCK_FILES));
    }
}

void file_number_give(uint32_t number)
{
    GUARD(&table_lock);
    *slot_of(number) = free_mark(free_head);
    free_head = number;
}

struct file_object *file_by_number(uint32_t number)
{
    GUARD(&table_lock);
    if (number == 0 || number >= next_number)
        return nullptr;
    struct file_object *f = *slot_of(number);
    if (!f || ((uint64_t)f & 1))
        return nullptr;
    /* The count may have reached zero already; a file that is ending stays so. */
    uint32_t count = __atomic_load_n(&f->pages.object.references, __ATOMIC_RELAXED);
    while (count != 0)
        if (__atomic_compare_exchange_n(&f->pages.object.references, &count, count + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return f;
    return nullptr;
}

void files_endpoint_died(const struct endpoint *e)
{
    for (uint32_t number = 1; number < __atomic_load_n(&next_number, __ATOMIC_ACQUIRE); number++) {
        struct file_object *f = file_by_number(number);
        if (!f)
            continue;
        if (f->endpoint == e)
            file_endpoint_died(f);
        object_put(file_as_object(f));
        if (number % 64 == 0)
            preempt_point();
    }
}
