/* SPDX-License-Identifier: MIT
 * The wait queue and the sleeping lock: kernel/task/wait.c (wait_until, wait_wake, sleep_lock, sleep_unlock). Three contexts take the lock,
 * one of them twice; whoever comes along may take it before the one that was woken. A timer may wake anybody for nothing.
 * Claims: one holder; everybody comes to the end.
 * BROKEN: the waiter is on the queue before it prepares: a waker takes it off and does not wake it, another takes the lock, it sleeps for ever.
 * BROKEN2: the lock is tested before the waiter is on the queue. */
#define RUNNING 0
#define PREPARING 1
#define BLOCKED 2
#define N 3
#define TURNS(self) (self == 0 -> 2 : 1)

byte state[N] = RUNNING, order[N], ends, holders, strays = 1;
bool queued[N], held, queue_lock;
byte waiting;                 /* how many are queued; order[] has them, first come first */

#define LOCK(l) atomic { !l -> l = true }
#define UNLOCK(l) l = false

/* A blocked context that is woken runs at some time: its process goes on when it is RUNNING. */
inline context_wake(c) { {
    bool done;
    atomic { if :: state[c] == PREPARING -> state[c] = RUNNING; done = true :: else fi }
    atomic { if :: !done && state[c] == BLOCKED -> state[c] = RUNNING :: else fi; done = false }
} }

inline enqueue(c) {
    LOCK(queue_lock);
    atomic { if :: !queued[c] -> queued[c] = true; order[waiting] = c; waiting++ :: else fi };
    UNLOCK(queue_lock)
}

inline remove(c) {
    atomic {
        if
        :: queued[c] ->
            queued[c] = false;
            if :: order[0] == c -> order[0] = order[1]; order[1] = order[2] :: order[0] != c && order[1] == c -> order[1] = order[2] :: else fi;
            waiting--
        :: else
        fi
    }
}

inline wait_wake() {
    if
    :: waiting == 0
    :: waiting > 0 ->
        LOCK(queue_lock);
        if :: waiting > 0 -> first = order[0]; remove(first); context_wake(first) :: else fi;
        first = 0;
        UNLOCK(queue_lock)
    fi
}

inline try(out) { atomic { out = !held; held = true } }

proctype Taker(byte self) {
    byte turn, first;
    bool got;
    do
    :: turn == TURNS(self) -> break
    :: turn < TURNS(self) ->
        try(got);
        do
        :: got -> break
        :: !got ->
#ifdef BROKEN
            enqueue(self);
            state[self] = PREPARING;
            try(got);
#else
#ifdef BROKEN2
            state[self] = PREPARING;
            try(got);
            enqueue(self);
#else
            state[self] = PREPARING;
            enqueue(self);
            try(got);
#endif
#endif
            if
            :: got -> state[self] = RUNNING
            :: else ->
                atomic { if :: state[self] == PREPARING -> state[self] = BLOCKED :: else fi };
                state[self] == RUNNING
            fi
        od;
        LOCK(queue_lock); remove(self); UNLOCK(queue_lock);
        got = false;
        holders++;
        assert(holders == 1);
        holders--;
        held = false;         /* sleep_unlock; the fence is between the two */
        wait_wake();
        turn++
    od;
    ends++
}

proctype Stray() {
    do
    :: strays > 0 -> strays--; if :: context_wake(0) :: context_wake(1) fi
    :: break
    od
}

init {
    atomic { run Taker(0); run Taker(1); run Taker(2); run Stray() }
    timeout -> assert(ends == N)
}
