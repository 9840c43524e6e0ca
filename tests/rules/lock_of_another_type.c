/* SPDX-License-Identifier: MIT
 * A sleeping lock is not taken as a spinlock. expect: incompatible pointer types */
#include "kernel/mm/address_space.h"

void rule(struct address_space *s);
void rule(struct address_space *s)
{
#ifdef ALLOWED
    GUARD(&s->lock);
#else
    GUARD(&s->changes);
#endif
}
