/* SPDX-License-Identifier: MIT
 * The death of a server and the next one: kernel/ipc/endpoint.c (endpoint_detach, notices_drop, bindings_end, endpoint_bind, endpoint_instance,
 * endpoint_post_to), the
 * completion of a submit in call.c. A tag is an address in the server that chose it.
 * A context of server 1 that is not attached itself binds a source and submits a request to a second endpoint; the one that is dies at any
 * time; the source becomes ready and the answer to the
 * submit comes at any time; whoever keeps the endpoint starts server 2 when server 1's last context has finished.
 * Claims: no server gets a tag of another instance; a completion is delivered or dropped, exactly once, and a binding's memory is not
 * used after bindings_end freed it.
 * BROKEN: the completion is posted without a look at the instance. BROKEN2: nobody looks whether a server is attached.
 * BROKEN3: a binding does not look. */
#define LOCK atomic { !lock -> lock = true }
#define UNLOCK lock = false
bool lock, readiness_lock, watched, listed, helper_gone, binding_freed, event_queued, completion_queued, submitted, first_gone, answered, all_over;
byte instance, completion_instance, completion_tag, event_tag, requests_put, attached;

/* take_notice by the server whose number is n. */
inline receive(n) {
    LOCK;
    if
    :: event_queued -> event_queued = false; assert(event_tag == n); UNLOCK
    :: completion_queued -> completion_queued = false; assert(completion_tag == n); UNLOCK; requests_put++
    :: else -> UNLOCK
    fi
}

inline drop_notices() {
    LOCK;
    event_queued = false;
    if :: completion_queued -> completion_queued = false; UNLOCK; requests_put++ :: else -> UNLOCK fi
}

/* binding_end: unwatch under the source's lock; then the notice is withdrawn. */
inline end_binding() {
    atomic { !readiness_lock -> readiness_lock = true } watched = false; readiness_lock = false;
    LOCK; event_queued = false; UNLOCK; binding_freed = true
}

inline detach() {
    LOCK; attached--; instance++; UNLOCK;
    LOCK; if :: listed -> listed = false; UNLOCK; end_binding() :: else -> UNLOCK fi;
    drop_notices()
}

proctype First() {
    LOCK; attached++; UNLOCK;
    if :: receive(1) :: skip fi;
    detach();
    first_gone = true
}

#ifdef BROKEN2
#define DESERTED false
#else
#define DESERTED (attached == 0 && instance > 0)
#endif

/* Another context of server 1, which is not attached, and ends before server 2 is started: endpoint_bind, ipc_submit. */
proctype Helper() {
    if
    :: atomic { !readiness_lock -> readiness_lock = true } event_tag = 1; watched = true; readiness_lock = false;
#ifdef BROKEN3
       LOCK; listed = true; UNLOCK
#else
       LOCK; if :: DESERTED -> UNLOCK; end_binding() :: else -> listed = true; UNLOCK fi
#endif
    :: skip
    fi;
    if
    :: LOCK; if :: DESERTED -> UNLOCK :: else -> completion_instance = instance; UNLOCK; completion_tag = 1; submitted = true fi
    :: skip
    fi;
    helper_gone = true
}

proctype Second() {
    first_gone && helper_gone;
    LOCK; attached++; UNLOCK;
    receive(2); receive(2);
    (answered || !submitted);
    receive(2);
    all_over = true
}

proctype Source() {
    atomic { !readiness_lock -> readiness_lock = true }
    if
    :: watched -> assert(!binding_freed); LOCK; event_queued = true; UNLOCK; assert(!binding_freed)
    :: else
    fi;
    readiness_lock = false
}

/* submit_complete: once. */
proctype Answerer() {
    if
    :: submitted -> LOCK;
#ifndef BROKEN
       if
       :: completion_instance != instance -> UNLOCK; requests_put++
       :: else -> completion_queued = true; UNLOCK
       fi;
#else
       completion_queued = true; UNLOCK;
#endif
       answered = true
    :: first_gone && helper_gone && !submitted
    fi
}

init {
    atomic { run First(); run Helper(); run Second(); run Source(); run Answerer() }
    timeout -> assert(all_over && requests_put == submitted)
}
