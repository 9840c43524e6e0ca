/* SPDX-License-Identifier: MIT
 * The thread block between kernel and library: posix/core/entry.S (posix_entry, the gate, posix_resume), posix/signal/deliver.c,
 * kernel/task/trap.c (upcall, look_at_attention), context_notify, sys_context_resume.
 * The program makes calls; a sender puts signals into the table and then sets `pending` and the attention; the kernel may look, and
 * send the upcall, between any two instructions of user mode. The upcall saves what was interrupted and masks.
 * Claims: at the end no deliverable signal is left; an upcall never finds masked set, so `saved` and the library's stack are never used
 * twice; a handler begins only with masked = 0, thus off the library's stack.
 * BROKEN: the gate does not look at pending after masked = 0, and the kernel drops the attention (as it does while masked). */
bool masked, pending, attention, in_library, over, all_sent;
byte table, handled, sent, calls, saved_uses;

/* Between any two instructions: the interrupt's way back to user mode. */
#define LOOK atomic { if :: attention -> attention = false; if :: !masked && pending -> upcalls = true; masked = true :: else fi :: else fi }

/* deliver_all: pending is cleared before the table is looked at. */
inline deliver_all() {
    assert(masked);
    atomic { assert(saved_uses == 0); saved_uses = 1 }
    pending = false;
    do
    :: atomic { table > 0 -> table--; handled++ }
    :: table == 0 -> break
    od;
    saved_uses = 0
}

/* posix_resume: one native call, interrupts off; then the look on the way out. */
inline resume() {
    atomic {
        masked = false;
        in_library = false;
        if :: pending -> attention = true :: else fi
    }
}

/* In the kernel's eyes user mode goes on at posix_upcall; ends with the program where it was. */
inline upcalls_if_any() {
    do
    :: LOOK;
       if
       :: upcalls -> upcalls = false; assert(!in_library); in_library = true; deliver_all(); resume()
       :: else -> break
       fi
    od
}

proctype Program() {
    bool upcalls;
    do
    :: calls < 2 -> calls++;
       upcalls_if_any();
       atomic { masked = true; in_library = true } /* the door: system-call entry */
       LOOK; assert(!upcalls);
       if :: pending = false; LOOK; pending = table > 0 :: skip fi; /* a call that waits for signals itself: wait.c */
       LOOK; assert(!upcalls);
       masked = false; in_library = false; /* the stack is empty from here; complete_gate knows these instructions */
       LOOK;
       if
       :: upcalls -> upcalls = false; in_library = true; deliver_all(); resume()
       :: else ->
#ifndef BROKEN
          if
          :: pending -> /* label 3: an upcall may come before the store to masked */
             LOOK;
             if
             :: upcalls -> upcalls = false; in_library = true; deliver_all(); resume()
             :: else -> masked = true; in_library = true; LOOK; assert(!upcalls); deliver_all(); resume()
             fi
          :: else
          fi
#else
          skip
#endif
       fi
    :: upcalls_if_any(); if :: all_sent && !attention -> break :: else fi
    od;
    upcalls_if_any();
    assert(!masked && !in_library);
    assert(table == 0 && handled == sent)
}

proctype Sender() {
    do
    :: sent < 2 -> atomic { table++; sent++ } pending = true; attention = true
    :: break
    od;
    all_sent = true
}

init { atomic { run Program(); run Sender() } }
