/* SPDX-License-Identifier: MIT
 * Loans of priority: schedule_lend, lend_more, schedule_adjust of kernel/task/schedule.c, and run_queue_update against a push of
 * kernel/task/run_queue.c. Two waiters (levels 1 and 2) lend to one entity, whose runner goes on and off a run queue; somebody raises
 * the first waiter to level 3 while it lends, or not any more.
 * Claims: when all is quiet nothing is lent and the runner's place on the queue is that of its entity's priority; a waiter that was
 * raised and still waits has raised whom it waits for.
 * BROKEN1: the raiser looks whom the waiter lends to, and lends in a second step. BROKEN2: who was raised is not moved on the queue.
 * BROKEN3: the level of a loan is read in one step and replaced in another. */
#define LOCK(l) atomic { !l -> l = true }
#define UNLOCK(l) l = false

bool x_lock[2], y_lock, q_lock;
bool lends[2], raised, gone[2], runner_done;
byte level[2], own[2];
short counts[4];
byte height, run_level;
bool queued;

inline recompute() { /* the priority of what the runner runs on */
    if
    :: counts[3] > 0 -> height = 3
    :: counts[3] <= 0 && counts[2] > 0 -> height = 2
    :: counts[3] <= 0 && counts[2] <= 0 && counts[1] > 0 -> height = 1
    :: counts[3] <= 0 && counts[2] <= 0 && counts[1] <= 0 -> height = 0
    fi
}

/* schedule_adjust, and run_queue_update for the runner. */
inline adjust(from, to) {
    if
    :: from != to ->
        LOCK(y_lock);
        atomic {
            if :: from -> counts[from]-- :: else fi;
            if :: to -> counts[to]++ :: else fi;
            recompute()
        }
        UNLOCK(y_lock);
#ifndef BROKEN2
        LOCK(q_lock);
        if :: queued -> run_level = height :: else fi;
        UNLOCK(q_lock)
#endif
    :: else
    fi
}

proctype Waiter(byte i) {
    byte old, fresh;
    LOCK(x_lock[i]); lends[i] = true; old = level[i]; level[i] = own[i]; fresh = own[i]; UNLOCK(x_lock[i]);
    adjust(old, fresh);
    if
    :: i == 0 && raised -> assert(height == 3)
    :: true
    fi;
    LOCK(x_lock[i]); lends[i] = false; old = level[i]; level[i] = 0; UNLOCK(x_lock[i]);
    adjust(old, 0);
    gone[i] = true
}

proctype Raiser() {
    byte old;
    bool to;
    LOCK(x_lock[0]); own[0] = 3; UNLOCK(x_lock[0]);
#ifdef BROKEN1
    LOCK(x_lock[0]); to = lends[0]; UNLOCK(x_lock[0]);
    LOCK(x_lock[0]); if :: to -> lends[0] = true; old = level[0]; level[0] = 3 :: else fi; UNLOCK(x_lock[0]);
#else
#ifdef BROKEN3
    to = lends[0]; old = level[0];
    LOCK(x_lock[0]); if :: to && lends[0] -> level[0] = 3 :: else -> to = false fi; UNLOCK(x_lock[0]);
#else
    LOCK(x_lock[0]); to = lends[0]; if :: to -> old = level[0]; level[0] = 3 :: else fi; UNLOCK(x_lock[0]);
#endif
#endif
    if :: to -> adjust(old, 3) :: else fi;
    raised = true
}

/* Preempted, and chosen again. */
proctype Runner() {
    byte turns;
    do
    :: turns < 2 ->
        LOCK(q_lock); queued = true; run_level = height; UNLOCK(q_lock);
        LOCK(q_lock); queued = false; UNLOCK(q_lock);
        turns++
    :: turns == 2 -> break
    od;
    LOCK(q_lock); queued = true; run_level = height; UNLOCK(q_lock);
    runner_done = true
}

init {
    own[0] = 1; own[1] = 2;
    atomic { run Waiter(0); run Waiter(1); run Raiser(); run Runner() }
    gone[0] && gone[1] && raised && runner_done;
    assert(counts[1] == 0 && counts[2] == 0 && counts[3] == 0 && height == 0);
    assert(run_level == height)
}
