/* SPDX-License-Identifier: MIT
 * Readiness masks between Linux's poll, select and epoll and ours. Pure. */
#pragma once
#include "abi/event.h"
#include "base/types.h"
#include "posix/linux/poll.h"

/* What to wait for, from POLL* bits (EPOLL* has the same values below 2^14). Errors and hang-up need no asking. */
uint16_t events_from_poll(uint32_t poll_bits);
/* What happened, as POLL* bits, of which the caller asked for `wanted`. */
uint16_t events_to_poll(uint32_t events, uint32_t wanted);
/* Turns an array of struct pollfd into struct poll_entry where it lies. A number that is HIGH becomes one that is never open;
 * negative ones are skipped by the kernel as by Linux. False: it has bits that POLL_ANSWERS does not answer exactly. */
bool pollfds_to_entries(struct poll_entry *in_out, uint64_t count);
/* Indexed by `ready`: the answer to a program that asked with POLLIN, POLLPRI, POLLOUT and POLLRDHUP only. */
extern const uint16_t POLL_ANSWERS[128];

/* The mask and QUEUE_ flags for one epoll_event.events. What comes back is in POLL_ANSWERS: a queue reports what was asked for, and
 * errors, and the plain bits are what programs test. */
uint32_t events_from_epoll(uint32_t epoll_bits);

/* One word (64 descriptors) of select's three sets: which are wanted, and how one result marks them. */
enum select_set { SELECT_READ, SELECT_WRITE, SELECT_EXCEPT };
struct select_word { uint64_t set[3]; };
/* What a descriptor at `bit` asks for: EVENT_* bits, 0 when it is in no set. */
uint16_t select_wanted(const struct select_word *sets, uint32_t bit);
/* Marks `bit` in `out` by what is ready and was asked for; says how many bits it set. */
uint32_t select_mark(struct select_word *out, const struct select_word *asked, uint32_t bit, uint32_t ready);
