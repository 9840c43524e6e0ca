/* SPDX-License-Identifier: MIT
 * Shootdowns: kernel/arch/x86_64/tlb.c, and who must be asked: space_activate, tlb_batch_flush, and the
 * same order in pageable_change_locked (kernel/mm/space.c, pageable.c).
 * CPUs 0 and 1 each change one entry of the space and free its frame; CPU 2 begins to run in the space, reads through its TLB, answers
 * when its interrupts are open, and leaves. Interrupts are off on 0 and 1: they answer only while they wait.
 * An entry is written to a store buffer first, as on the real processor (`written` but not yet `entry`): the fence empties it.
 * Claims: no CPU reads a frame that was freed; no two CPUs wait for each other for ever.
 * BROKEN: no fence between writing the entry and looking who runs in the space. BROKEN2: a CPU that waits does not answer. */
bool entry[2] = true, freed[2], cached0[3], cached1[3], in_space[3], done[3];
byte asked[3], answered[3];

/* mmu_flush_user: the walk that follows may find the entry again if it is still there. */
inline answer(n) { {
    byte ticket;
    atomic {
        ticket = asked[n];
        if :: ticket != answered[n] -> cached0[n] = false; cached1[n] = false :: else fi
    }
    answered[n] = ticket;
    ticket = 0
} }

/* Any instruction may fill the TLB through what the tables say now, or read through what the TLB has. */
inline touch(n) {
    atomic {
        if :: entry[0] -> cached0[n] = true :: true fi;
        if :: entry[1] -> cached1[n] = true :: true fi;
        assert(!(cached0[n] && freed[0]) && !(cached1[n] && freed[1]))
    }
}

proctype Buffer(byte page; chan c) { c ? _; entry[page] = false; c ! true }

proctype Changer(byte self) {
    chan store = [0] of { bool };
    byte mine[3], n;
    bool ask[3], fenced;
    in_space[self] = true;
    touch(self);
    run Buffer(self, store);
    store ! true; /* the store is in the buffer now: it becomes visible some time */
#ifndef BROKEN
    store ? _; fenced = true;
#endif
    atomic { ask[0] = in_space[0]; ask[1] = in_space[1]; ask[2] = in_space[2]; ask[self] = false }
    if :: !fenced -> store ? _ :: else fi; /* the interrupt's sending and the flush are fences, but too late */
    atomic { if :: self == 0 -> cached0[0] = false :: else -> cached1[1] = false fi }
    n = 0;
    do
    :: n == 3 -> break
    :: n < 3 && ask[n] -> atomic { asked[n]++; mine[n] = asked[n] } n++
    :: n < 3 && !ask[n] -> n++
    od;
    n = 0;
    do
    :: n == 3 -> break
    :: n < 3 && (!ask[n] || answered[n] >= mine[n]) -> n++
#ifndef BROKEN2
    :: n < 3 && ask[n] && answered[n] < mine[n] && asked[self] != answered[self] -> answer(self)
#endif
    od;
    freed[self] = true;
    touch(self);
    done[self] = true;
    /* Back in user mode, interrupts open. */
    do :: asked[self] != answered[self] -> answer(self); touch(self) od
}

proctype Runner() {
    in_space[2] = true; /* before the tables are loaded */
    touch(2);
    do
    :: asked[2] != answered[2] -> answer(2)
    :: atomic { cached0[2] || cached1[2] || entry[0] || entry[1] -> touch(2) }
    :: break
    od;
    atomic { cached0[2] = false; cached1[2] = false } /* other tables are loaded, then the bit goes */
    in_space[2] = false;
    done[2] = true;
    do :: asked[2] != answered[2] -> answer(2) od
}

init {
    atomic { run Changer(0); run Changer(1); run Runner() }
    timeout -> assert(done[0] && done[1] && done[2])
}
