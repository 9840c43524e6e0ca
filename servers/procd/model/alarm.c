/* SPDX-License-Identifier: MIT
 * A binary heap of deadlines (see alarm.h). */
#include "alarm.h"

static uint64_t deadline_at(const struct alarms *a, uint32_t index) { return a->timers[a->heap[index]].deadline_ns; }

static void place(struct alarms *a, uint32_t index, uint32_t slot)
{
    a->heap[index] = slot;
    a->position[slot] = index + 1;
}

static void move_up(struct alarms *a, uint32_t index)
{
    uint32_t slot = a->heap[index];
    while (index && deadline_at(a, (index - 1) / 2) > a->timers[slot].deadline_ns) {
        place(a, index, a->heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    place(a, index, slot);
}

static void move_down(struct alarms *a, uint32_t index)
{
    uint32_t slot = a->heap[index];
    for (;;) {
        uint32_t child = 2 * index + 1;
        if (child >= a->count)
            break;
        if (child + 1 < a->count && deadline_at(a, child + 1) < deadline_at(a, child))
            child++;
        if (deadline_at(a, child) >= a->timers[slot].deadline_ns)
            break;
        place(a, index, a->heap[child]);
        index = child;
    }
    place(a, index, slot);
}

static void remove(struct alarms *a, uint32_t slot)
{
    uint32_t index = a->position[slot] - 1, last = a->heap[--a->count];
    a->position[slot] = 0;
    if (last == slot)
        return;
    place(a, index, last);
    move_up(a, index);
    move_down(a, a->position[last] - 1);
}

struct alarm alarm_set(struct alarms *a, uint32_t slot, struct alarm next)
{
    struct alarm old = a->position[slot] ? a->timers[slot] : (struct alarm){0};
    if (a->position[slot])
        remove(a, slot);
    a->timers[slot] = next;
    if (next.deadline_ns) {
        place(a, a->count, slot);
        move_up(a, a->count++);
    }
    return old;
}

uint64_t alarm_next(const struct alarms *a) { return a->count ? deadline_at(a, 0) : UINT64_MAX; }

uint32_t alarm_due(struct alarms *a, uint64_t now_ns)
{
    if (alarm_next(a) > now_ns)
        return 0;
    uint32_t slot = a->heap[0];
    struct alarm next = a->timers[slot];
    /* Periods that passed unnoticed fire once, not one after the other. */
    if (next.period_ns)
        next.deadline_ns += next.period_ns * ((now_ns - next.deadline_ns) / next.period_ns + 1);
    else
        next.deadline_ns = 0;
    alarm_set(a, slot, next);
    return slot;
}
