/* SPDX-License-Identifier: MIT
 * Bytes that may only be read do not become writable. expect: incompatible type */
#include "base/span.h"
size_t rule(struct view v, struct span s);
size_t rule(struct view v, struct span s)
{
#ifdef ALLOWED
    return span_copy(s, v);
#else
    return span_copy(v, s) + s.length;
#endif
}
