/* SPDX-License-Identifier: MIT
 * The short way of a message, step by step: kernel/ipc/fast.c (door_call, send_bytes, door_reply_receive, answer_bytes, door_return), with
 * context_claim and switch_block_for (kernel/task). A client calls through the door while a server waits there; a killer wants the attention of
 * either; the endpoint dies; a poster wakes the server with a notice. What the door hands to the long way is the long way's (call.pml):
 * here it is short, but keeps the same promises.
 *
 * A context that is BLOCKED is gone from its CPU; who claims it (BLOCKED -> READY) alone may switch to it, fill its frame or make it ready.
 * Claims: nobody is switched to without a claim, nor by two; a server that waits is on the list or claimed (nobody forgets it); a message goes
 * to a server that is off the list; a client's answer is written before it runs, once; whoever is wanted looks at it before it sleeps for good;
 * the client gets to its end, and the server waits or has ended.
 * BROKEN: the client is asleep only after the endpoint's lock is given back. BROKEN2: a server whose bytes did not arrive is left claimed.
 * BROKEN3: the bytes are copied, and nobody looks again whether the endpoint has died. BROKEN4: a client that is wanted when it has just fallen
 * asleep is not looked for. BROKEN5: the bytes of an answer are copied while the client may leave. */
#define RUNNING 0
#define BLOCKED 1
#define READY 2
#define NOBODY 0
#define CLIENT 1
#define SERVER 2
#define FREE 0
#define OPEN 1
#define DONE 2
#define LOCK atomic { !lock -> lock = true }
#define UNLOCK lock = false

byte state[3] = RUNNING, owner[3], request = FREE, frame_words;
bool lock, dead, listed, wanted[3], delivered, busy, client_here = true, served, noticed, bytes, over, closed, at_door, killer_over, poster_over;

/* The exchange; `who` is ours afterwards. It may be asleep only, here: PREPARING is context.pml's. */
inline claim(who, by, out) {
    atomic { if :: state[who] == BLOCKED -> state[who] = READY; assert(owner[who] == NOBODY); owner[who] = by; out = true :: else -> out = false fi }
}
/* A direct switch, or a run queue: from here on it runs. */
inline go_on(who, by) { atomic { assert(state[who] == READY && owner[who] == by); owner[who] = NOBODY; state[who] = RUNNING } }
#define KILLER 3
#define POSTER 4
#define CLOSER 5

/* context_attention: the word first, then the state. */
inline want(who, by) { {
    bool mine;
    wanted[who] = true;
    claim(who, by, mine);
    if :: mine -> mine = false; go_on(who, by) :: else fi
} }

/* switch_block_for, with `to` claimed by `self`: asleep, then a look at what is wanted; `sleeps` false: it runs again, and has `to` still. */
inline block_for(self, to, sleeps) {
    state[self] = BLOCKED;
#ifndef BROKEN4
    if
    :: wanted[self] ->
       atomic { if :: state[self] == BLOCKED -> state[self] = RUNNING; sleeps = false :: else -> sleeps = true fi }
    :: else -> sleeps = true
    fi
#else
    sleeps = true
#endif
}

proctype Client() {
    bool mine, sleeps;
    LOCK;
    if
    :: dead -> UNLOCK; goto gone
    :: !dead && listed -> listed = false; claim(SERVER, CLIENT, mine)
    :: else
    fi;
    if
    :: !mine -> UNLOCK; goto gone /* the long way: not our matter */
    :: else
    fi;
    if
    :: skip
    :: /* send_bytes: it sends some, and they are there or not */
       UNLOCK;
       if :: bytes = true :: bytes = false fi;
       LOCK;
#ifdef BROKEN3
       if :: !bytes ->
#else
       if :: !bytes || dead ->
#endif
          UNLOCK;
#ifndef BROKEN2
          go_on(SERVER, CLIENT);
#endif
          goto gone
       :: else
       fi
    fi;
    assert(!dead);                     /* a request on a dead endpoint's list is nobody's */
    assert(!listed);
    request = OPEN; frame_words = CLIENT; delivered = true; at_door = true;
#ifdef BROKEN
    UNLOCK;
    block_for(CLIENT, SERVER, sleeps);
#else
    block_for(CLIENT, SERVER, sleeps);
    if :: sleeps -> UNLOCK :: else -> at_door = false; UNLOCK fi;
#endif
    go_on(SERVER, CLIENT);             /* door_to, or context_ready */
    if
    :: sleeps -> (state[CLIENT] == RUNNING)
    :: else
    fi;
    /* door_return, or ipc_call_await: the answer is there, or we wait for it, or leave. A kill is told to the server only once. */
    do
    :: LOCK;
       if
       :: request == FREE || request == DONE -> UNLOCK; break
       :: request == OPEN && busy -> UNLOCK; !busy
       :: request == OPEN && !busy && wanted[CLIENT] -> client_here = false; UNLOCK; goto gone /* abandon */
       :: request == OPEN && !busy && !wanted[CLIENT] -> state[CLIENT] = BLOCKED; UNLOCK;
          if
          :: wanted[CLIENT] -> atomic { if :: state[CLIENT] == BLOCKED -> state[CLIENT] = RUNNING :: else fi }
          :: else
          fi;
          state[CLIENT] == RUNNING
       fi
    od;
gone:
    client_here = false; over = true
}

/* An answer in memory or in the client's frame: the client is claimed, and nobody else writes there. */
inline answer() { assert(owner[CLIENT] == SERVER && request == OPEN && client_here); served = true; request = FREE }

proctype Server() {
    bool mine, sleeps;
    goto receive;
work:
    /* The message is in our frame: words of a client, or a notice. */
    delivered = false;
    if
    :: frame_words == POSTER -> frame_words = NOBODY; goto receive
    :: frame_words == CLIENT -> frame_words = NOBODY
    :: else -> goto receive
    fi;
    /* reply_receive, through the door. With bytes first: answer_bytes. */
    if
    :: skip
    :: LOCK;
       if
       :: request == OPEN && client_here ->
#ifndef BROKEN5
          busy = true;
#endif
          UNLOCK;
          assert(client_here);         /* its memory is written */
          LOCK; busy = false; UNLOCK
       :: else -> UNLOCK
       fi
    fi;
    LOCK;
    mine = false;
    if
    :: request == OPEN && client_here && !dead && !noticed -> claim(CLIENT, SERVER, mine)
    :: else
    fi;
    if
    :: !mine -> /* the long way: complete_locked */
       if
       :: request == OPEN && client_here -> served = true; request = DONE; claim(CLIENT, SERVER, mine);
          UNLOCK;
          if :: mine -> mine = false; go_on(CLIENT, SERVER) :: else fi
       :: request == OPEN && !client_here -> request = FREE; UNLOCK
       :: else -> UNLOCK
       fi;
       goto receive
    :: else
    fi;
    answer();
    listed = true; delivered = false;
    block_for(SERVER, CLIENT, sleeps);
    UNLOCK;
    mine = false;
    go_on(CLIENT, SERVER);
    if
    :: sleeps -> goto asleep
    :: else -> goto receive_again
    fi;
receive: /* endpoint_receive */
    LOCK;
    if
    :: noticed -> noticed = false; UNLOCK; goto receive
    :: !noticed && (dead || wanted[SERVER]) -> UNLOCK; goto gone
    :: else -> assert(!listed); listed = true; delivered = false; state[SERVER] = BLOCKED; UNLOCK;
       if
       :: wanted[SERVER] -> atomic { if :: state[SERVER] == BLOCKED -> state[SERVER] = RUNNING :: else fi }
       :: else
       fi
    fi;
asleep:
    state[SERVER] == RUNNING;
    if :: delivered -> goto work :: else fi;
receive_again: /* door_return */
    LOCK; listed = false; UNLOCK;
    goto receive;
gone:
    closed = true
}

proctype Killer() {
    if :: want(CLIENT, KILLER) :: want(SERVER, KILLER) :: skip fi;
    killer_over = true
}

/* endpoint_post: into the frame of a server that waits, or onto the list. */
proctype Poster() {
    bool mine;
    if
    :: LOCK;
       if
       :: dead -> UNLOCK
       :: !dead && listed -> listed = false; claim(SERVER, POSTER, mine);
          if
          :: mine -> frame_words = POSTER; delivered = true; UNLOCK; go_on(SERVER, POSTER)
          :: else -> noticed = true; UNLOCK
          fi
       :: else -> noticed = true; UNLOCK
       fi
    :: skip
    fi;
    poster_over = true
}

/* endpoint_handle_closed: nobody will ever receive; what is open is failed, unless the server copies for it just now. */
proctype Closer() {
    bool mine;
    if
    :: LOCK; dead = true; UNLOCK; LOCK;
       if
       :: request == OPEN && !busy ->
          if
          :: client_here -> request = DONE; claim(CLIENT, CLOSER, mine); UNLOCK;
             if :: mine -> go_on(CLIENT, CLOSER) :: else fi
          :: else -> request = FREE; UNLOCK
          fi
       :: else -> UNLOCK
       fi
    :: skip
    fi
}

init {
    atomic { run Server(); run Client(); run Killer(); run Poster(); run Closer() }
    /* A server may wait for ever, on the list; one that was wanted has looked. */
    timeout -> assert(over && (closed || (state[SERVER] == BLOCKED && listed && !wanted[SERVER])))
}
