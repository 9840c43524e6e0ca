/* SPDX-License-Identifier: MIT
 * Attention against a switch: context_attention (kernel/task/context.c), switch_to (switch.c), and switch_block_for and switch_load (switch.h),
 * where the fence is the exchange of the state of the context that falls asleep.
 * One CPU switches to a context, another wants its attention (a kill). Stores stay in a store buffer, as on the real processor, until a fence
 * or some time later; here the switching CPU's store to `current`, and the switch has no other fence when both contexts share a space.
 * Claim: the CPU looks at the attention before user mode, or is sent an interrupt: a kill never waits for the next chance interrupt.
 * BROKEN: the state is stored plainly between the two, without a fence. */
bool is_current, in_buffer, attention, work, interrupt, switched, given;

proctype Switcher() {
    in_buffer = true;
#ifndef BROKEN
    !in_buffer; /* the exchange of the state */
#endif
    if :: attention -> work = true :: else fi;
    !in_buffer;
    switched = true
}

proctype Buffer() { atomic { in_buffer -> skip } atomic { is_current = true; in_buffer = false } }

proctype Giver() {
    attention = true; /* a locked instruction */
    if :: is_current -> interrupt = true :: else fi;
    given = true
}

init {
    atomic { run Switcher(); run Buffer(); run Giver() }
    timeout -> assert(switched && given && (work || interrupt))
}
