/* SPDX-License-Identifier: MIT
 * A walk: from a directory along a path to a node. It is a state that can stop wherever a filesystem has to be asked, and goes on
 * when the answer is there; meanwhile other walks run and names change.
 *
 *     walk_start(&w, cache, root, start, &who, path, WALK_FOLLOW);
 *     while ((need = walk_run(&w)) is WALK_LOOKUP or WALK_LINK) ask about w.at and walk_name(&w), or about w.child;
 *                                                               walk_answer(&w, node) or node_set_target(w.child, ...)
 *     walk_end(&w);
 *
 * The walk holds references on every node it names. The path it was given must stay until walk_keep_path. */
#pragma once
#include "credentials.h"
#include "name_cache.h"
#include "node.h"

enum : uint32_t {
    WALK_FOLLOW = 1,     /* a symbolic link at the end is followed */
    WALK_MAY_MISS = 2,   /* the last name need not exist */
    WALK_NAME = 4,       /* it is the name that matters: never follow at the end, and a slash behind is the caller's to judge */
    WALK_EMPTY = 8,      /* an empty path is the start */
    WALK_FILE = 16,      /* a file may be made at the end: a slash behind is ERR_IS_DIRECTORY, whatever is there */
};
#define WALK_LINKS_MAX 40u
#define WALK_ROOM 64u
#define WALK_PATH_MAX 4096u

enum walk_need { WALK_DONE, WALK_FAILED, WALK_LOOKUP, WALK_LINK };
enum walk_last { WALK_LAST_NAME, WALK_LAST_DOT, WALK_LAST_DOT_DOT, WALK_LAST_ROOT };
enum walk_child { WALK_CHILD_UNASKED, WALK_CHILD_ANSWERED };

struct walk {
    struct name_cache *cache;
    const struct credentials *who;
    struct node *root;
    uint32_t flags, links;
    struct view path;
    uint8_t *owned;              /* the path's memory, when it is the walk's own; or it is in `room` */
    uint8_t room[WALK_ROOM];
    size_t name_start, name_end, next; /* the current name, and where the rest begins */
    /* results of WALK_DONE: */
    struct node *found;          /* nullptr: WALK_MAY_MISS and there is none */
    struct node *parent;         /* where the last name was looked up; nullptr unless `last` is WALK_LAST_NAME */
    enum walk_last last;
    bool has_trailing_slash;
    enum status status;          /* of WALK_FAILED */
    /* in between: */
    struct node *at;             /* the directory reached so far */
    struct node *child;          /* what the current name leads to, as far as it is known */
    enum walk_child state;
    uint32_t generation;         /* of `at`, when the lookup was asked for; of `parent`, when it was done */
};

/* root and start are referenced by the walk from now on. */
void walk_start(struct walk *w, struct name_cache *cache, struct node *root, struct node *start, const struct credentials *who,
                struct view path, uint32_t flags);
enum walk_need walk_run(struct walk *w);
/* The same path at a glance: the node at its end when every name on it is remembered, no link is in the way and `who` may pass; without
 * a reference. nullptr: a walk finds out, and says what is wrong. What is answered is what a walk would find, for it looks at the same
 * directories and the same names; it only takes no references, because nothing else runs meanwhile. `start`: what is seen at the root
 * or the current directory. flags: WALK_FOLLOW. */
struct node *walk_glance(struct name_cache *cache, struct node *start, const struct credentials *who, struct view path, uint32_t flags);
/* Before the first run: the folders that the path begins with, `bytes` of it and a slash behind them, lead to `node`. */
void walk_skip(struct walk *w, size_t bytes, struct node *node);
/* The name that WALK_LOOKUP is about, in w->at. */
static inline struct view walk_name(const struct walk *w)
{
    return (struct view){w->path.data + w->name_start, w->name_end - w->name_start};
}
/* The answer to WALK_LOOKUP: a node, whose reference the walk takes over, or nullptr for none. When the directory changed since the
 * question, the answer is dropped, and the walk asks again. */
void walk_answer(struct walk *w, struct node *node);
/* Copies the path, so that the caller's may go. */
enum status walk_keep_path(struct walk *w);
void walk_end(struct walk *w);
