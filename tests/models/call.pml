/* SPDX-License-Identifier: MIT
 * One request between its client, its server, whoever kills the client and whoever closes the endpoint: kernel/ipc/call.c, fast.c
 * and endpoint.c (fail_all, endpoint_detach). The switch itself is the matter of context.pml: here a context sleeps while it is BLOCKED.
 * Claims: the request is completed exactly once; nobody touches the client's words after it went (words_live); who completes it under
 * the endpoint's lock never waits for a client that waits for that lock; a client that lives gets its answer, one that is killed its end.
 * BROKEN: a request that was answered before its client slept is not seen by the client.  BROKEN2: what its client abandoned is kept for
 * the next server. BROKEN4: a copy that was under way at the server's end is the last that looks at its request. BROKEN5: a cancel that was
 * told to a server which is gone counts for the next. BROKEN3: requests are kept for a next server though the endpoint is dead and there will be none. */
#define RUNNING 0
#define PREPARING 1
#define BLOCKED 2
#define FREE 0
#define QUEUED 1
#define OPEN 2
#define DONE 3
#define LOCK atomic { !lock -> lock = true }
#define UNLOCK lock = false

byte client_state = RUNNING, request = FREE, completions, receivers = 1;
bool lock, dead, killed, client_gone, words_live = true, abandoned, told, waits = true, woken, has_message, server_gone, busy, over, restarted, attached = true, helper_over, interrupted, next_told;

inline wake_client() { atomic { if :: client_state != RUNNING -> client_state = RUNNING :: else fi } }

/* context_claim and context_ready: it waits while the client is PREPARING. */
inline claim_client() { atomic { client_state != PREPARING -> client_state = RUNNING } }

/* complete_locked: the lock is held and released. */
inline complete() {
    atomic { completions++; assert(completions == 1) }
    if
    :: abandoned -> request = FREE; UNLOCK
    :: else -> assert(words_live); request = DONE; claim_client(); UNLOCK
    fi
}

inline sleep_client() {
    atomic { if :: client_state == PREPARING -> client_state = BLOCKED :: else fi }
    client_state == RUNNING
}

proctype Client() {
    bool server;
    LOCK;
    if
    :: dead -> UNLOCK; goto gone
    :: !dead && waits -> waits = false; request = OPEN; server = true;
       if
       :: /* fast.c: asleep before the lock is given back */
#ifdef BROKEN
          UNLOCK; client_state = BLOCKED;
#else
          client_state = BLOCKED; UNLOCK;
#endif
          has_message = true;
          if :: killed || interrupted -> wake_client() :: else fi;
          client_state == RUNNING
       :: /* call.c: present, then ask */
          UNLOCK; has_message = true; client_state = PREPARING;
#ifndef BROKEN
          if :: request == DONE -> wake_client() :: else fi;
#endif
          if :: killed || interrupted -> wake_client() :: else fi;
          sleep_client()
       fi
    :: !dead && !waits -> request = QUEUED; client_state = PREPARING; UNLOCK;
       if :: killed || interrupted -> wake_client() :: else fi;
       sleep_client()
    fi;
    do /* await_slow */
    :: LOCK;
       if
       :: request == DONE -> UNLOCK; break
       :: request != DONE && busy -> UNLOCK; !busy
       :: request == QUEUED && !busy && (killed || interrupted) -> request = FREE; UNLOCK; goto gone
       :: request == OPEN && !busy && interrupted && !told -> told = true; next_told = restarted; UNLOCK
       :: request == OPEN && !busy && killed && (told || !interrupted) -> abandoned = true; words_live = false; UNLOCK; goto gone
       :: else -> client_state = PREPARING; UNLOCK;
          if :: killed || (interrupted && !told) -> wake_client() :: else fi;
          sleep_client()
       fi
    od;
gone:
    words_live = false; client_gone = true
}

inline take_queued() {
    request = OPEN; busy = true; UNLOCK; assert(words_live && !abandoned); LOCK; busy = false; UNLOCK
}

/* fail_all: back to the queue, or PEER_GONE. A client that told the server which is gone looks again. The lock is held and released. */
inline requeue() {
    request = QUEUED; next_told = false;
#ifndef BROKEN5
    if :: told -> told = false; wake_client() :: else fi;
#endif
    UNLOCK
}
inline end_open() {
#ifdef BROKEN2
    if :: requeue() :: complete() fi
#else
#ifdef BROKEN3
    if :: !abandoned -> requeue() :: complete() fi
#else
    if :: !abandoned && !dead -> requeue() :: complete() fi
#endif
#endif
}

proctype Servers() {
    bool mine;
again:
    do
    :: has_message -> has_message = false; mine = true; break
    :: LOCK;
       if
       :: request == QUEUED -> waits = false; take_queued(); mine = true; break
       :: else -> UNLOCK
       fi;
       if :: has_message || request == QUEUED :: dead && waits -> break :: client_gone && !has_message && request != QUEUED -> break fi
    od;
    /* It answers, copies first and answers, or dies with the request in its hands. */
    if
    :: mine -> (!restarted || !interrupted || next_told || request != OPEN || client_gone); /* the next one answers an interrupted client when it is told */
answer:
       LOCK;
       if
       :: request == OPEN && busy -> UNLOCK; !busy; goto answer /* find_open_locked: another context copies */
       :: request == OPEN && !busy -> /* with bytes: the client must stay */
          if :: busy = true; UNLOCK; assert(words_live || abandoned); LOCK; busy = false :: skip fi;
          complete()
       :: else -> UNLOCK
       fi
    :: mine && !restarted -> restarted = true; mine = false; /* endpoint_detach, fail_all(open, true), then the next server */
       LOCK; attached = false; UNLOCK; LOCK;
       if
       :: request == OPEN && !busy ->
          end_open()
       :: else -> UNLOCK
       fi;
       helper_over; /* the next server is started when the process of this one has ended */
       if :: !dead -> attached = true; goto again :: else fi
    :: else
    fi;
    server_gone = true
}

/* context_attention: the bit, then the look at the state. */
proctype Killer() { if :: killed = true; wake_client() :: interrupted = true; wake_client() :: skip fi }

/* request_copy by a context that serves nothing itself, and ends before the next server is started. */
proctype Helper() {
    if
    :: LOCK;
       if
       :: request == OPEN && !busy -> busy = true; UNLOCK; assert(words_live || abandoned); LOCK; busy = false;
#ifdef BROKEN4
          UNLOCK
#else
          if :: request == OPEN && (dead || !attached) -> end_open() :: else -> UNLOCK fi
#endif
       :: else -> UNLOCK
       fi
    :: skip
    fi;
    helper_over = true
}

/* endpoint_handle_closed: fail_all on the queue and on the open ones. A server that has it now is busy: it completes it itself. */
proctype Closer() {
    if
    :: LOCK; dead = true; UNLOCK; LOCK;
       if
       :: (request == QUEUED || request == OPEN) && !busy -> request = OPEN; busy = false;
          complete()
       :: else -> UNLOCK
       fi
    :: skip
    fi
}

init {
    atomic {
        if :: waits = true :: waits = false fi;
        run Client(); run Servers(); run Helper(); run Killer(); run Closer()
    }
    timeout -> assert(client_gone)
}
