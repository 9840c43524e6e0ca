/* SPDX-License-Identifier: MIT
 * A status cannot be dropped. expect: ignoring return value */
#include "base/span.h"
#include "base/try.h"

void rule(struct view v, struct view *out);
void rule(struct view v, struct view *out)
{
#ifdef ALLOWED
    IGNORE(view_part(v, 0, 1, out));
#else
    view_part(v, 0, 1, out);
#endif
}
