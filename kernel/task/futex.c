/* SPDX-License-Identifier: MIT
 * Futexes: a hash of buckets, each with a lock and the sleepers that fall into it. The word is compared under the bucket's
 * lock, without ever faulting there: if its page is not present, it is brought in outside and the comparison starts again.
 *
 * Model: tests/models/futex.pml. */
#include "kernel/task/futex.h"
#include "base/hash.h"
#include "kernel/ipc/readiness.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/user_copy.h"
#include "kernel/task/context.h"
#include "kernel/task/futex_sleeper.h"
#include "kernel/task/process.h"

#define BUCKETS 1024u

static struct futex_bucket buckets[BUCKETS];

void futex_system_init(void)
{
    for (uint32_t i = 0; i < BUCKETS; i++) {
        spinlock_init(&buckets[i].lock, RANK_FUTEX);
        list_init(&buckets[i].sleepers);
    }
}

enum status futex_key_of(user_addr_t word, uint32_t flags, struct futex_key *out)
{
    struct address_space *space = current()->process->space;
    *out = (struct futex_key){space, word.value, nullptr};
    if (word.value % 4 || !user_range_valid(word, 4))
        return ERR_INVALID;
    if (flags & FUTEX_PRIVATE)
        return OK;
    struct object *object;
    uint64_t offset;
    TRY(space_locate(space, word, &object, &offset));
    if (object)
        *out = (struct futex_key){object, offset, object};
    return OK;
}

void futex_key_put(struct futex_key *k)
{
    if (k->reference)
        object_put(k->reference);
}

bool futex_key_equal(const struct futex_key *a, const struct futex_key *b) { return a->base == b->base && a->offset == b->offset; }

struct futex_bucket *futex_bucket_of(const struct futex_key *k) { return &buckets[hash_mix((uint64_t)k->base ^ k->offset) % BUCKETS]; }

bool futex_is_woken(void *argument)
{
    struct futex_sleeper *s = argument;
    return __atomic_load_n(&s->woken, __ATOMIC_ACQUIRE);
}

/* Compares and queues in one step. ERR_WOULD_BLOCK: the word has another value. */
static enum status enqueue(struct futex_sleeper *s, user_addr_t word, uint32_t value)
{
    for (;;) {
        struct futex_bucket *b = futex_bucket_of(&s->key);
        uint32_t now;
        {
            GUARD(&b->lock);
            if (peek_user_u32(word, &now) == OK) {
                if (now != value)
                    return ERR_WOULD_BLOCK;
                s->bucket = b;
                list_push_back(&b->sleepers, &s->link);
                return OK;
            }
        }
        TRY(get_user_u32(word, &now));
    }
}

/* Off whatever bucket it is on now. */
void futex_dequeue(struct futex_sleeper *s)
{
    for (;;) {
        struct futex_bucket *b = __atomic_load_n(&s->bucket, __ATOMIC_ACQUIRE);
        GUARD(&b->lock);
        if (b == __atomic_load_n(&s->bucket, __ATOMIC_ACQUIRE)) {
            list_remove(&s->link);
            return;
        }
    }
}

enum status futex_wait(user_addr_t word, uint32_t value, uint64_t deadline_ns, uint32_t mask, uint32_t flags)
{
    struct futex_sleeper s = {.mask = mask};
    if (!mask)
        return ERR_INVALID;
    list_init(&s.link);
    wait_queue_init(&s.queue);
    TRY(futex_key_of(word, flags, &s.key));
    enum status status = enqueue(&s, word, value);
    if (status == OK) {
        status = wait_until(&s.queue, futex_is_woken, &s, deadline_ns, WAIT_INTERRUPTIBLE, "futex");
        futex_dequeue(&s);
        if (futex_is_woken(&s))
            status = OK; /* a wake that was given is never lost */
    }
    futex_key_put(&s.key);
    return status;
}

/* The bucket's lock keeps the sleeper, whose memory is on its own stack, from leaving before we are done with it. */
void futex_wake_locked(struct futex_sleeper *s)
{
    list_remove(&s->link);
    __atomic_store_n(&s->woken, true, __ATOMIC_RELEASE);
    wait_wake(&s->queue, UINT32_MAX);
}

enum status futex_wake(user_addr_t word, uint32_t most, uint32_t mask, uint32_t flags, uint32_t *out_woken)
{
    struct futex_key key;
    if (!mask)
        return ERR_INVALID;
    TRY(futex_key_of(word, flags, &key));
    struct futex_bucket *b = futex_bucket_of(&key);
    uint32_t woken = 0;
    {
        GUARD(&b->lock);
        list_for_each_safe(node, &b->sleepers) {
            struct futex_sleeper *s = list_entry(node, struct futex_sleeper, link);
            if (woken == most)
                break;
            if (s->entity || !futex_key_equal(&s->key, &key) || !(s->mask & mask))
                continue;
            futex_wake_locked(s);
            woken++;
        }
    }
    futex_key_put(&key);
    *out_woken = woken;
    return OK;
}

static void lock_two(struct futex_bucket *a, struct futex_bucket *b)
{
    spin_lock(a < b ? &a->lock : &b->lock);
    if (a != b)
        spin_lock(a < b ? &b->lock : &a->lock);
}

enum status futex_requeue(user_addr_t from, uint32_t wake, user_addr_t to, uint32_t move, uint32_t flags, uint32_t *out_count)
{
    struct futex_key source, target;
    TRY(futex_key_of(from, flags, &source));
    enum status status = futex_key_of(to, flags, &target);
    if (status != OK) {
        futex_key_put(&source);
        return status;
    }
    struct futex_bucket *a = futex_bucket_of(&source), *b = futex_bucket_of(&target);
    uint32_t woken = 0, moved = 0;
    lock_two(a, b);
    list_for_each_safe(node, &a->sleepers) {
        struct futex_sleeper *s = list_entry(node, struct futex_sleeper, link);
        if (s->entity || !futex_key_equal(&s->key, &source))
            continue;
        if (woken < wake) {
            futex_wake_locked(s);
            woken++;
        } else if (moved < move && !s->key.reference && !target.reference) {
            list_remove(node);
            s->key = target;
            __atomic_store_n(&s->bucket, b, __ATOMIC_RELEASE);
            list_push_back(&b->sleepers, node);
            moved++;
        } else {
            break;
        }
    }
    spin_unlock(&a->lock);
    if (a != b)
        spin_unlock(&b->lock);
    futex_key_put(&source);
    futex_key_put(&target);
    *out_count = woken + moved;
    return OK;
}
