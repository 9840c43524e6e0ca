/* SPDX-License-Identifier: MIT
 * Grant nodes: what makes a handle revocable or gives it an end in time. A derived handle points to a child of its
 * origin's node; ending a node ends its subtree. A node is only ever marked, so readers need no lock: they walk up.
 * Depth is bounded (GRANT_DEPTH_MAX), so the walk is too. */
#pragma once
#include "base/try.h"
#include "base/types.h"

#define GRANT_DEPTH_MAX 16

struct grant {
    uint32_t references;        /* atomic */
    uint32_t revoked;           /* atomic; only 0 -> 1 */
    uint32_t depth;             /* constant */
    uint64_t expires_ns;        /* constant; 0: never */
    struct grant *parent;       /* constant; a reference */
};

enum status grant_create(struct grant *parent, uint64_t expires_ns, struct grant **out); /* refers to parent */
struct grant *grant_get(struct grant *g);
void grant_put(struct grant *g);                /* null is fine */
enum status grant_check(const struct grant *g); /* OK, ERR_REVOKED or ERR_EXPIRED; null: OK */
void grant_revoke(struct grant *g);
uint64_t grant_expiry(const struct grant *g);   /* the earliest of the chain; 0: never */
