/* SPDX-License-Identifier: MIT
 * Locks with an owner: who waits lends its priority to the owner, and the owner hands the lock to the waiter of the highest priority.
 * The word is changed under its bucket's lock, without ever faulting there: a page that is missing or not writable is brought in
 * outside, and everything starts again. A waiter whose word was changed to its thread id by the owner has the lock, even when it was
 * interrupted at the same moment.
 *
 * Model: tests/models/lending.pml. */
#include "kernel/mm/address_space.h"
#include "kernel/mm/user_copy.h"
#include "kernel/task/futex_sleeper.h"
#include "kernel/task/process.h"

static uint32_t thread_id_of(const struct context *c)
{
    return c->block ? __atomic_load_n(&c->block->thread_id, __ATOMIC_RELAXED) & FUTEX_OWNER_MASK : 0;
}

/* ---- Finding the owner --------------------------------------------------------------------------------------------- */

struct search { uint32_t thread_id; struct context *found; };

static void compare_id(struct context *c, void *argument)
{
    struct search *s = argument;
    if (!s->found && thread_id_of(c) == s->thread_id && __atomic_load_n(&c->object.references, __ATOMIC_ACQUIRE)) {
        object_get(&c->object);
        s->found = c;
    }
}

/* With a reference; null: nobody. The usual owner is a thread of the same process. */
static struct context *find_owner(uint32_t thread_id, uint32_t flags)
{
    struct search s = {.thread_id = thread_id};
    process_contexts(current()->process, compare_id, &s);
    if (!s.found && !(flags & FUTEX_PRIVATE))
        context_for_each(compare_id, &s);
    return s.found;
}

/* ---- Locking ------------------------------------------------------------------------------------------------------- */

struct attempt {
    user_addr_t word;
    uint32_t flags, me;
    bool try;
    struct context *owner;            /* a reference, or null: it was free when last seen */
    uint32_t owner_id;
    struct futex_sleeper sleeper;
};

enum verdict { TAKEN, SLEEPS, LOOK_AGAIN, BRING_IN, REFUSED };

static bool others_wait(struct futex_bucket *b, const struct futex_key *key)
{
    list_for_each(node, &b->sleepers) {
        const struct futex_sleeper *s = list_entry(node, struct futex_sleeper, link);
        if (s->entity && futex_key_equal(&s->key, key))
            return true;
    }
    return false;
}

/* The bucket's lock is held. */
static enum verdict attempt_locked(struct attempt *a, struct futex_bucket *b)
{
    uint32_t now, seen;
    if (peek_user_u32(a->word, &now) != OK)
        return BRING_IN;
    uint32_t owner = now & FUTEX_OWNER_MASK;
    if (owner == a->me || (owner && a->try))
        return REFUSED;
    if (owner && owner != a->owner_id)
        return LOOK_AGAIN;
    uint32_t fresh = owner ? now | FUTEX_WAITERS
                           : a->me | (now & FUTEX_OWNER_DIED) | (others_wait(b, &a->sleeper.key) ? FUTEX_WAITERS : 0);
    if (peek_exchange_user_u32(a->word, now, fresh, &seen) != OK)
        return BRING_IN;
    if (seen != now)
        return LOOK_AGAIN;
    if (!owner)
        return TAKEN;
    a->sleeper.bucket = b;
    a->sleeper.entity = current()->schedule;
    list_push_back(&b->sleepers, &a->sleeper.link);
    schedule_lend(a->sleeper.entity, a->owner->schedule);
    return SLEEPS;
}

/* Who owns it now, found before the bucket is locked. */
static enum status look_at_owner(struct attempt *a)
{
    uint32_t now;
    if (a->owner)
        object_put(&take(a->owner)->object);
    a->owner_id = 0;
    TRY(get_user_u32(a->word, &now));
    uint32_t id = now & FUTEX_OWNER_MASK;
    if (id == 0)
        return OK;
    if (id == a->me)
        return ERR_BUSY;
    if (a->try)
        return ERR_WOULD_BLOCK;
    a->owner = find_owner(id, a->flags);
    if (!a->owner)
        return ERR_NO_PROCESS;
    a->owner_id = id;
    return OK;
}

/* TAKEN or SLEEPS when OK. */
static enum status attempt(struct attempt *a, enum verdict *out)
{
    struct futex_bucket *b = futex_bucket_of(&a->sleeper.key);
    do {
        TRY(look_at_owner(a));
        spin_lock(&b->lock);
        *out = attempt_locked(a, b);
        spin_unlock(&b->lock);
        if (*out == BRING_IN)
            TRY(user_range_bring_in(a->word, 4, PROT_READ_ | PROT_WRITE_));
        preempt_point();
    } while (*out == LOOK_AGAIN || *out == BRING_IN || *out == REFUSED); /* a refusal is looked at again: it names its reason */
    return OK;
}

static enum status sleep_for_it(struct attempt *a, uint64_t deadline_ns)
{
    struct futex_sleeper *s = &a->sleeper;
    struct schedule *owner = a->owner->schedule;
    schedule_pass_on(owner);
    enum status status = wait_until(&s->queue, futex_is_woken, s, deadline_ns, WAIT_INTERRUPTIBLE, "a lock's owner");
    futex_dequeue(s);
    schedule_lend(s->entity, nullptr);
    schedule_pass_on(owner);
    return futex_is_woken(s) ? OK : status;
}

enum status futex_lock(user_addr_t word, uint64_t deadline_ns, uint32_t flags, bool try)
{
    struct attempt a = {.word = word, .flags = flags, .me = thread_id_of(current()), .try = try};
    enum verdict verdict;
    if (!a.me)
        return ERR_NOT_SUPPORTED;
    list_init(&a.sleeper.link);
    wait_queue_init(&a.sleeper.queue);
    a.sleeper.thread_id = a.me;
    TRY(futex_key_of(word, flags, &a.sleeper.key));
    enum status status = attempt(&a, &verdict);
    if (status == OK && verdict == SLEEPS)
        status = sleep_for_it(&a, deadline_ns);
    if (a.owner)
        object_put(&a.owner->object);
    futex_key_put(&a.sleeper.key);
    return status;
}

/* ---- Unlocking ----------------------------------------------------------------------------------------------------- */

/* The first of the highest priority; *out_more: others wait, too. */
static struct futex_sleeper *heir_locked(struct futex_bucket *b, const struct futex_key *key, bool *out_more)
{
    struct futex_sleeper *best = nullptr;
    *out_more = false;
    list_for_each(node, &b->sleepers) {
        struct futex_sleeper *s = list_entry(node, struct futex_sleeper, link);
        if (!s->entity || !futex_key_equal(&s->key, key))
            continue;
        *out_more = best != nullptr;
        if (!best || s->entity->priority > best->entity->priority)
            best = s;
    }
    return best;
}

/* They wait for the heir from now on. */
static void lend_to_heir_locked(struct futex_bucket *b, const struct futex_sleeper *heir)
{
    list_for_each(node, &b->sleepers) {
        struct futex_sleeper *s = list_entry(node, struct futex_sleeper, link);
        if (s->entity && s != heir && futex_key_equal(&s->key, &heir->key))
            schedule_lend(s->entity, heir->entity);
    }
}

static enum verdict unlock_locked(user_addr_t word, struct futex_bucket *b, const struct futex_key *key, uint32_t extra)
{
    uint32_t now, seen;
    bool more;
    if (peek_user_u32(word, &now) != OK)
        return BRING_IN;
    if ((now & FUTEX_OWNER_MASK) != thread_id_of(current()))
        return REFUSED;
    struct futex_sleeper *heir = heir_locked(b, key, &more);
    uint32_t fresh = heir ? heir->thread_id | (more ? FUTEX_WAITERS : 0) : 0;
    if (peek_exchange_user_u32(word, now, fresh | extra, &seen) != OK)
        return BRING_IN;
    if (seen != now)
        return LOOK_AGAIN;
    if (heir) {
        schedule_lend(heir->entity, nullptr);
        lend_to_heir_locked(b, heir);
        futex_wake_locked(heir);
    }
    return TAKEN;
}

enum status futex_unlock(user_addr_t word, uint32_t flags, uint32_t extra)
{
    struct futex_key key;
    enum status status = OK;
    enum verdict verdict;
    if (!thread_id_of(current()))
        return ERR_NOT_SUPPORTED;
    TRY(futex_key_of(word, flags, &key));
    struct futex_bucket *b = futex_bucket_of(&key);
    do {
        spin_lock(&b->lock);
        verdict = unlock_locked(word, b, &key, extra & FUTEX_OWNER_DIED);
        spin_unlock(&b->lock);
        if (verdict == BRING_IN)
            status = user_range_bring_in(word, 4, PROT_READ_ | PROT_WRITE_);
        preempt_point();
    } while (status == OK && (verdict == LOOK_AGAIN || verdict == BRING_IN));
    futex_key_put(&key);
    return status != OK ? status : verdict == REFUSED ? ERR_NOT_PERMITTED : OK;
}
