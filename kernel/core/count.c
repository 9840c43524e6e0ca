/* SPDX-License-Identifier: MIT
 * The counting flavour. Its own data is per CPU and needs no lock; who reads it while others run gets nearly the truth. */
#include "kernel/core/count.h"
#include "arch/machine.h"
#include "base/fmt.h"
#include "kernel/core/cpu.h"
#include "kernel/core/object.h"
#include "kernel/core/symbols.h"

#define RANKS 128u
#define KINDS 64u
#define STRETCHES 24u

struct stretch { const void *where; uint64_t longest; };
struct counts {
    uint64_t locks, held, cpu_interrupts, closed_since;
    uint64_t foreign_lock[RANKS], foreign_reference[KINDS];
    struct stretch stretches[STRETCHES];
} __attribute__((aligned(64)));
static struct counts counts[CPU_MAX];

static struct counts *mine(void) { return &counts[this_cpu()->number]; }

void count_lock(struct spinlock *l, bool found_held)
{
    struct counts *c = mine();
    uint8_t self = (uint8_t)(this_cpu()->number + 1);
    c->locks++;
    c->held += found_held;
    if (l->last && l->last != self)
        c->foreign_lock[l->rank % RANKS]++;
    l->last = self;
}

void count_reference(struct object *o)
{
    uint32_t self = this_cpu()->number + 1, last = __atomic_exchange_n(&o->last, self, __ATOMIC_RELAXED);
    if (last && last != self)
        mine()->foreign_reference[o->type->kind % KINDS]++;
}

void count_cpu_interrupt(void) { mine()->cpu_interrupts++; }
void count_closed_begin(void) { mine()->closed_since = arch_tsc(); }

/* The table keeps the longest of each place; a new place takes that of the shortest. */
void count_closed_end(const void *where)
{
    struct counts *c = mine();
    uint64_t ticks = c->closed_since ? arch_tsc() - c->closed_since : 0;
    struct stretch *least = &c->stretches[0];
    c->closed_since = 0;
    for (uint32_t i = 0; i < STRETCHES; i++) {
        struct stretch *s = &c->stretches[i];
        if (s->where == where) {
            s->longest = MAX(s->longest, ticks);
            return;
        }
        if (s->longest < least->longest)
            least = s;
    }
    if (ticks > least->longest)
        *least = (struct stretch){where, ticks};
}

typedef void tell_t(const char *name, uint64_t value, uint64_t second, void *argument);

static void tell_sums(tell_t *tell, void *argument)
{
    struct counts sum = {};
    for (uint32_t i = 0; i < cpu_count; i++) {
        sum.locks += counts[i].locks;
        sum.held += counts[i].held;
        sum.cpu_interrupts += counts[i].cpu_interrupts;
    }
    tell("locks", sum.locks, 0, argument);
    tell("locks found held", sum.held, 0, argument);
    tell("interrupts to CPUs", sum.cpu_interrupts, 0, argument);
}

static void tell_foreign(tell_t *tell, void *argument, const char *what, const uint64_t *(*row)(uint32_t cpu), uint32_t rows)
{
    char name[24];
    for (uint32_t n = 0; n < rows; n++) {
        uint64_t sum = 0;
        for (uint32_t i = 0; i < cpu_count; i++)
            sum += row(i)[n];
        fmt(name, sizeof name, "foreign %s %u", what, n);
        if (sum)
            tell(name, sum, 0, argument);
    }
}

static const uint64_t *lock_row(uint32_t cpu) { return counts[cpu].foreign_lock; }
static const uint64_t *reference_row(uint32_t cpu) { return counts[cpu].foreign_reference; }

void count_for_each(tell_t *tell, void *argument)
{
    char name[24];
    struct symbol symbol;
    tell_sums(tell, argument);
    tell_foreign(tell, argument, "lock", lock_row, RANKS);
    tell_foreign(tell, argument, "reference", reference_row, KINDS);
    for (uint32_t i = 0; i < cpu_count; i++)
        for (uint32_t n = 0; n < STRETCHES; n++) {
            const struct stretch *s = &counts[i].stretches[n];
            if (!s->where || !symbol_find((uint64_t)s->where, &symbol))
                continue;
            fmt(name, sizeof name, "~%s", symbol.name);
            tell(name, s->longest, symbol.offset, argument);
        }
}
