/* SPDX-License-Identifier: MIT
 * Context states and switching: kernel/task/switch.c, context.h and the waits of wait.c.
 * A process here is a context with its kernel stack; it runs while it has the baton of a CPU, `resume`. Two CPUs with their idle
 * contexts; A waits for a condition that B makes true; B calls C by direct switches, C answers by direct switches; a timer wakes A for
 * nothing. choose_cpu may take any CPU, and a CPU that goes idle may or may not manage to steal.
 * Claims: no context is switched to while another CPU still has its registers (on_cpu); nobody waits in a circle; A and B get to their end.
 * BROKEN: context_wake puts the context on a run queue without waiting for on_cpu.
 * BROKEN2: a claim that met PREPARING looks at the state again to see whether somebody was faster. */
#define RUNNING 0
#define PREPARING 1
#define BLOCKED 2
#define READY 3
#define ZOMBIE 4
#define A 2
#define B 3
#define C 4
#define NONE 9
#define LOCK(l) atomic { !l -> l = true }
#define UNLOCK(l) l = false

byte state[5] = READY, cpu_of[5], current[2], leaving[2], queued_on[5] = NONE;
bool on_cpu[5], resume[5], requeue[5], ipi[2], work[2];
bool condition, on_wait_queue, wait_lock, endpoint_lock, server_waits, done_a, done_b, delivered, answered, timer_over;
byte claimed;

#define COUNT(cpu) ((queued_on[A] == cpu) + (queued_on[B] == cpu) + (queued_on[C] == cpu))

/* The run queue's lock makes the push and the look one step. */
inline make_ready(c, mine) { {
    byte target;
    bool first, preempt;
    atomic {
        if :: target = 0 :: target = 1 fi;
        assert(queued_on[c] == NONE && state[c] == READY);
        first = COUNT(target) == 0;
        queued_on[c] = target;
        preempt = current[target] == target; /* the idle context of CPU n is context n */
    }
    atomic {
        if
        :: preempt -> work[target] = true; ipi[target] = ipi[target] || target != mine
        :: !preempt && first && target != mine -> ipi[target] = true
        :: else
        fi;
        target = 0; first = false; preempt = false
    }
} }

inline await_off_cpu(c) { !on_cpu[c] }

inline context_wake(c, mine) { {
    bool wins;
    atomic {
        if
        :: state[c] == PREPARING -> state[c] = RUNNING
        :: state[c] == BLOCKED -> state[c] = READY; wins = true
        :: else
        fi
    }
    if
    :: wins ->
#ifndef BROKEN
        await_off_cpu(c);
#endif
        make_ready(c, mine); wins = false
    :: else
    fi
} }

/* claimed: whether it is ours to switch to. What the exchange saw decides, not a second look, which may find it asleep by now. */
inline context_claim(c, out) { {
    byte seen;
    do
    :: atomic { seen = state[c]; if :: seen == BLOCKED -> state[c] = READY; out = true :: else fi }
       if
       :: out -> break
       :: else
#ifdef BROKEN2
          seen = state[c];
#endif
          if :: seen != PREPARING -> break :: else -> state[c] != PREPARING fi
       fi
    od;
    if :: out -> await_off_cpu(c) :: else fi;
    seen = 0
} }

inline switch_to(self, to) {
    atomic {
        assert(!on_cpu[to] && state[to] == READY || to < 2);
        on_cpu[to] = true; state[to] = RUNNING; cpu_of[to] = cpu_of[self]
    }
    atomic { current[cpu_of[self]] = to; leaving[cpu_of[self]] = self; resume[to] = true }
    came_back(self)
}

/* finish_switch, on the stack that goes on. */
inline came_back(self) { {
    byte left;
    atomic { resume[self] -> resume[self] = false; left = leaving[cpu_of[self]] }
    if
    :: requeue[left] -> requeue[left] = false; on_cpu[left] = false; make_ready(left, cpu_of[self])
    :: else -> on_cpu[left] = false
    fi;
    left = 0
} }

inline pick(self, next) {
    atomic {
        if
        :: queued_on[A] == cpu_of[self] -> next = A
        :: queued_on[B] == cpu_of[self] -> next = B
        :: queued_on[C] == cpu_of[self] -> next = C
        :: COUNT(cpu_of[self]) == 0 && queued_on[A] != NONE -> next = A
        :: COUNT(cpu_of[self]) == 0 && queued_on[B] != NONE -> next = B
        :: COUNT(cpu_of[self]) == 0 && queued_on[C] != NONE -> next = C
        :: COUNT(cpu_of[self]) == 0 -> next = NONE
        fi;
        if :: next != NONE -> queued_on[next] = NONE :: else fi
    }
}

inline schedule(self) { {
    byte next;
    bool goes_on;
    work[cpu_of[self]] = false;
    atomic { if :: state[self] == PREPARING -> state[self] = BLOCKED :: else fi; goes_on = state[self] == RUNNING }
    pick(self, next);
    if
    :: goes_on && next == NONE -> skip
    :: goes_on && next != NONE ->
        if :: self > 1 -> atomic { state[self] = READY; requeue[self] = true } :: else fi;
        switch_to(self, next)
    :: !goes_on ->
        if :: next == NONE -> next = cpu_of[self] :: else fi;
        switch_to(self, next)
    fi;
    next = 0; goes_on = false
} }

inline switch_direct(self, to) { {
    bool parked;
    atomic { if :: state[self] == PREPARING -> state[self] = BLOCKED; parked = true :: else fi }
    if :: parked -> parked = false; switch_to(self, to) :: else -> make_ready(to, cpu_of[self]) fi
} }

inline finish(self) { state[self] = ZOMBIE; schedule(self); assert(false) }

proctype Idle(byte self) {
    do
    :: schedule(self);
       if
       :: COUNT(self) == 0 && !work[self] ->
          atomic { ipi[self] -> ipi[self] = false; if :: COUNT(self) -> work[self] = true :: else fi }
       :: else
       fi
    od
}

proctype Waiter() {
    came_back(A);
    do
    :: LOCK(wait_lock); on_wait_queue = true; UNLOCK(wait_lock);
       state[A] = PREPARING;
       if :: condition -> state[A] = RUNNING; break :: else fi;
       schedule(A)
    od;
    done_a = true;
    finish(A)
}

proctype Caller() {
    bool won;
    came_back(B);
    LOCK(endpoint_lock);
    if
    :: server_waits -> server_waits = false; context_claim(C, won)
    :: else
    fi;
    if
    :: won -> UNLOCK(endpoint_lock); won = false; delivered = true; state[B] = PREPARING; switch_direct(B, C)
    :: else -> delivered = true; state[B] = PREPARING; UNLOCK(endpoint_lock); schedule(B) /* it is on the queue */
    fi;
    do
    :: answered -> break
    :: !answered -> LOCK(endpoint_lock);
       if
       :: answered -> UNLOCK(endpoint_lock)
       :: else -> state[B] = PREPARING; UNLOCK(endpoint_lock); schedule(B)
       fi
    od;
    condition = true;
    LOCK(wait_lock);
    if :: on_wait_queue -> on_wait_queue = false; context_wake(A, cpu_of[B]) :: else fi;
    UNLOCK(wait_lock);
    done_b = true;
    finish(B)
}

proctype Server() {
    bool client;
    came_back(C);
    do
    :: LOCK(endpoint_lock);
       if
       :: delivered -> delivered = false; answered = true; context_claim(B, client)
       :: else
       fi;
       server_waits = true; state[C] = PREPARING; UNLOCK(endpoint_lock);
       if :: client -> client = false; switch_direct(C, B) :: else -> schedule(C) fi
    od
}

proctype Timer() { context_wake(A, 9); timer_over = true }

init {
    atomic {
        on_cpu[0] = true; on_cpu[1] = true; current[1] = 1; cpu_of[1] = 1; state[0] = RUNNING; state[1] = RUNNING;
        queued_on[A] = 0; queued_on[B] = 0; queued_on[C] = 1; ipi[0] = true; ipi[1] = true;
        run Idle(0); run Idle(1); run Waiter(); run Caller(); run Server(); run Timer()
    }
    timeout -> assert(done_a && done_b && timer_over)
}
