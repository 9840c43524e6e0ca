/* SPDX-License-Identifier: MIT
 * A doubly linked ring. Elements embed a struct list_node; a list is a node that is its own head. The owner's lock guards it. */
#pragma once
#include "base/types.h"

struct list_node { struct list_node *next, *previous; };

#define LIST_INIT(name) {&(name), &(name)}
static inline void list_init(struct list_node *n) { n->next = n->previous = n; }
static inline bool list_is_empty(const struct list_node *head) { return head->next == head; }
static inline void list_insert_after(struct list_node *at, struct list_node *n)
{
    struct list_node *next = at->next;
    n->next = next;
    n->previous = at;
    next->previous = n;
    at->next = n;
}
static inline void list_push_front(struct list_node *head, struct list_node *n) { list_insert_after(head, n); }
static inline void list_push_back(struct list_node *head, struct list_node *n) { list_insert_after(head->previous, n); }
/* Leaves n in a ring of its own, so that a second removal is harmless and list_is_empty(n) tells that it is on no list. */
static inline void list_remove(struct list_node *n)
{
    struct list_node *next = n->next, *previous = n->previous;
    next->previous = previous;
    previous->next = next;
    list_init(n);
}
static inline struct list_node *list_pop_front(struct list_node *head)
{
    struct list_node *n = head->next;
    if (n == head)
        return nullptr;
    list_remove(n);
    return n;
}
/* Appends all of `from` to `to` and leaves `from` empty. */
static inline void list_append_all(struct list_node *to, struct list_node *from)
{
    if (list_is_empty(from))
        return;
    from->next->previous = to->previous;
    to->previous->next = from->next;
    from->previous->next = to;
    to->previous = from->previous;
    list_init(from);
}
#define list_entry(node, type, member) container_of(node, type, member)
#define list_for_each(node, head) for (struct list_node *node = (head)->next; node != (head); node = node->next)
/* Safe when the body removes `node`. */
#define list_for_each_safe(node, head)                                                                     \
    for (struct list_node *node = (head)->next, *node##_next = node->next; node != (head);                 \
         node = node##_next, node##_next = node->next)
