/* SPDX-License-Identifier: MIT
 * Futexes: kernel/task/futex.c. Two sleepers wait on word 0; one context changes the word and wakes one; one requeues what is left to
 * word 1 (another bucket) and then wakes there; each sleeper may also be interrupted. A sleeper's memory is on its own stack.
 * Claims: compare and sleep are one step, so no wake is lost; a wake that was given to a sleeper is returned by it; nobody touches a
 * sleeper that has returned; two buckets' locks are never taken in a circle.
 * BROKEN: dequeue does not look again at the bucket after it has its lock. */
#define LOCK(b) atomic { !lock[b] -> lock[b] = true }
#define UNLOCK(b) lock[b] = false
#define NONE 9

bool lock[2], value_changed, woken[2], live[2], interrupted[2], done[2], ended[2];
byte bucket[2] = NONE, given, taken, owner[2] = NONE;

/* The list of bucket b is: who has on[i] == b. */
byte on[2] = NONE;
bool runs[2] = true;

inline wake_locked(i) {
    atomic { assert(live[i]); on[i] = NONE }
    woken[i] = true; given++;
    assert(live[i]); runs[i] = true
}

proctype Sleeper(byte i) {
    byte b;
    LOCK(0);
    if
    :: value_changed -> UNLOCK(0); goto out
    :: else -> live[i] = true; bucket[i] = 0; on[i] = 0; UNLOCK(0)
    fi;
    do /* wait_until: queue, test, sleep */
    :: runs[i] = false;
       if :: woken[i] || interrupted[i] -> runs[i] = true; break :: else -> runs[i] || woken[i] || interrupted[i] fi
    od;
    do /* dequeue */
    :: b = bucket[i]; LOCK(b);
#ifdef BROKEN
       atomic { if :: on[i] != NONE && on[i] != b -> assert(false) :: else fi } on[i] = NONE; UNLOCK(b); break
#else
       if
       :: bucket[i] == b -> assert(on[i] == NONE || on[i] == b); on[i] = NONE; UNLOCK(b); break
       :: else -> UNLOCK(b)
       fi
#endif
    od;
    if :: woken[i] -> atomic { taken++ } :: else fi;
    live[i] = false;
out:
    done[i] = true
}

inline wake_one(b) {
    LOCK(b);
    if
    :: on[0] == b -> wake_locked(0)
    :: on[1] == b -> wake_locked(1)
    :: on[0] != b && on[1] != b
    fi;
    UNLOCK(b)
}

proctype Waker() { value_changed = true; wake_one(0); ended[0] = true }

/* Both locks in the order of their addresses, and the other way round by the one who moves them back. */
proctype Requeuer() {
    byte i;
    value_changed = true;
    LOCK(0); LOCK(1);
    do
    :: i == 2 -> break
    :: i < 2 && on[i] == 0 -> atomic { assert(live[i]); on[i] = NONE } bucket[i] = 1; on[i] = 1; i++
    :: i < 2 && on[i] != 0 -> i++
    od;
    UNLOCK(0); UNLOCK(1);
    wake_one(1); wake_one(1);
    ended[1] = true
}

proctype Interrupter() { if :: interrupted[0] = true :: skip fi; runs[0] = true }

init {
    atomic { run Sleeper(0); run Sleeper(1); run Waker(); run Requeuer(); run Interrupter() }
    timeout -> assert(done[0] && done[1] && ended[0] && ended[1] && given == taken)
}
