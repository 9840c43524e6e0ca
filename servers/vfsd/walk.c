/* SPDX-License-Identifier: MIT
 * The walk's state machine. One turn of the loop is one name. */
#include "walk.h"
#include "base/fmt.h"
#include "base/string.h"
#include "base/try.h"
#include "heap/heap.h"

#define SELF_INODE (UINT64_MAX - 1)
#define NAME_MAX_BYTES 255u

static struct node_table *nodes_of(const struct walk *w)
{
    return w->cache->nodes;
}

/* Takes over `node`'s reference. */
static void move_to(struct walk *w, struct node *node)
{
    node_put(nodes_of(w), w->at);
    w->at = node;
}

void walk_start(struct walk *w, struct name_cache *cache, struct node *root, struct node *start, const struct credentials *who,
                struct view path, uint32_t flags)
{
    /* not all of it at once: `room` is not looked at before it is written */
    w->cache = cache;
    w->who = who;
    w->root = node_get(root);
    w->flags = flags;
    w->links = 0;
    w->path = path;
    w->owned = nullptr;
    w->name_start = w->name_end = w->next = 0;
    w->found = w->parent = w->child = nullptr;
    w->last = WALK_LAST_ROOT;
    w->has_trailing_slash = false;
    w->status = OK;
    w->state = WALK_CHILD_UNASKED;
    w->generation = 0;
    bool is_absolute = path.length > 0 && path.data[0] == '/';
    w->at = node_get(node_cover(is_absolute ? root : start));
}

void walk_end(struct walk *w)
{
    struct node_table *nodes = nodes_of(w);
    node_drop(nodes, &w->found);
    node_drop(nodes, &w->parent);
    node_drop(nodes, &w->child);
    node_drop(nodes, &w->at);
    node_drop(nodes, &w->root);
    if (w->owned)
        heap_free(w->owned);
    w->owned = nullptr;
}

void walk_skip(struct walk *w, size_t bytes, struct node *node)
{
    move_to(w, node_get(node));
    w->next = bytes + 1;
}

enum status walk_keep_path(struct walk *w)
{
    if (w->owned || w->path.length == 0 || w->path.data == w->room)
        return OK;
    if (w->path.length <= sizeof w->room) {
        memcpy(w->room, w->path.data, w->path.length);
        w->path.data = w->room;
        return OK;
    }
    uint8_t *copy = heap_allocate(w->path.length);
    if (!copy)
        return ERR_NO_MEMORY;
    memcpy(copy, w->path.data, w->path.length);
    w->owned = copy;
    w->path.data = copy;
    return OK;
}

/* The path becomes the link's target and what was left behind its name. */
static enum status path_insert(struct walk *w, struct view target)
{
    size_t rest = w->path.length - w->name_end;
    if (target.length == 0)
        return ERR_NOT_FOUND;
    if (target.length + rest > WALK_PATH_MAX)
        return ERR_NAME_TOO_LONG;
    uint8_t *fresh = heap_allocate(target.length + rest);
    if (!fresh)
        return ERR_NO_MEMORY;
    memcpy(fresh, target.data, target.length);
    memcpy(fresh + target.length, w->path.data + w->name_end, rest);
    heap_free(w->owned);
    w->owned = fresh;
    w->path = (struct view){fresh, target.length + rest};
    w->next = 0;
    if (target.data[0] == '/')
        move_to(w, node_get(node_cover(w->root)));
    return OK;
}

static enum status follow(struct walk *w)
{
    struct node *link = w->child;
    if (++w->links > WALK_LINKS_MAX)
        return ERR_LOOP;
    char pid[16];
    struct view target = link->target;
    if (link->is_self) {
        if (w->who->pid == 0)
            return ERR_NOT_FOUND;
        target = (struct view){(const uint8_t *)pid, fmt(pid, sizeof pid, "%d", w->who->pid)};
    }
    TRY(path_insert(w, target));
    node_drop(nodes_of(w), &w->child);
    return OK;
}

/* The first slash from `at` on, or `end`. */
static size_t find_slash(const uint8_t *text, size_t at, size_t end)
{
    const uint64_t ones = 0x0101010101010101ull;
    for (; at + 8 <= end; at += 8) {
        uint64_t difference = name_load_8(text + at) ^ ones * '/'; /* a slash is a zero byte of it */
        uint64_t zeros = (difference - ones) & ~difference & ones << 7;
        if (zeros)
            return at + (size_t)__builtin_ctzll(zeros) / 8;
    }
    while (at < end && text[at] != '/')
        at++;
    return at;
}

/* Finds the next name; false at the end of the path. */
static bool next_name(struct walk *w)
{
    const uint8_t *text = w->path.data;
    size_t at = w->next, end = w->path.length;
    while (at < end && text[at] == '/')
        at++;
    w->name_start = at;
    at = find_slash(text, at, end);
    w->name_end = at;
    while (at < end && text[at] == '/')
        at++;
    w->next = at;
    return w->name_start < w->name_end;
}

static bool is_last_name(const struct walk *w)
{
    return w->next == w->path.length;
}

static bool name_is(const struct walk *w, const char *text, size_t length)
{
    return w->name_end - w->name_start == length && memcmp(w->path.data + w->name_start, text, length) == 0;
}

static enum walk_need failed(struct walk *w, enum status status)
{
    w->status = status;
    return WALK_FAILED;
}

static enum walk_need done(struct walk *w, struct node *found)
{
    w->found = node_get(found);
    return WALK_DONE;
}

static enum status child_of_dev(struct walk *w)
{
    struct view name = walk_name(w);
    struct node *child = w->at->first_child;
    while (child && !view_equal(child->name, name))
        child = child->sibling;
    w->child = child ? node_get(child) : nullptr;
    return OK;
}

static enum status child_self(struct walk *w)
{
    struct file_attributes a = {.inode = SELF_INODE, .type = FILE_SYMLINK, .mode = 0777, .links = 1};
    TRY(node_obtain(nodes_of(w), w->at->filesystem, &a, &w->child));
    w->child->is_self = true;
    return node_set_name(nodes_of(w), w->child, w->at, VIEW_OF_LITERAL("self"));
}

/* Is it known where the name leads? Sets w->child (with a reference) and *out_known. */
static enum status child_from_memory(struct walk *w, bool *out_known)
{
    struct filesystem *fs = w->at->filesystem;
    *out_known = true;
    if (fs->server == HANDLE_NONE)
        return child_of_dev(w);
    if (fs->is_process && w->at == fs->root && name_is(w, "self", 4))
        return child_self(w);
    struct node *node = nullptr;
    enum name_known known = fs->flags & FILESYSTEM_VOLATILE_NAMES ? NAME_UNKNOWN : name_find(w->cache, w->at, walk_name(w), &node);
    *out_known = known != NAME_UNKNOWN;
    w->child = node ? node_get(node) : nullptr;
    return OK;
}

void walk_answer(struct walk *w, struct node *node)
{
    struct node_table *nodes = nodes_of(w);
    bool is_stale = w->at->generation != w->generation;
    if (!is_stale && !(w->at->filesystem->flags & FILESYSTEM_VOLATILE_NAMES))
        name_set(w->cache, w->at, walk_name(w), node);
    if (is_stale) {
        node_drop(nodes, &node);
        w->next = w->name_start; /* so that the name is found again */
        return;
    }
    if (node)
        IGNORE(node_set_name(nodes, node, w->at, walk_name(w)));
    w->child = node;
    w->state = WALK_CHILD_ANSWERED;
}

/* The last name was looked up: what the caller gets. */
static enum walk_need last_name_done(struct walk *w)
{
    w->last = WALK_LAST_NAME;
    w->parent = node_get(w->at);
    w->generation = w->at->generation;
    if (!w->child)
        return w->flags & WALK_MAY_MISS ? WALK_DONE : failed(w, ERR_NOT_FOUND);
    w->found = w->child;
    w->child = nullptr;
    if (w->has_trailing_slash && !node_is_directory(w->found) && !(w->flags & WALK_NAME))
        return failed(w, ERR_NOT_DIRECTORY);
    return WALK_DONE;
}

static bool is_followed(const struct walk *w)
{
    if (w->child->attributes.type != FILE_SYMLINK)
        return false;
    if (!is_last_name(w))
        return true;
    return !(w->flags & WALK_NAME) && ((w->flags & WALK_FOLLOW) || w->has_trailing_slash);
}

/* Goes through the name that w->child answers. WALK_LINK: its target is needed first; WALK_LOOKUP never. */
static enum walk_need pass_name(struct walk *w, bool *out_finished)
{
    *out_finished = true;
    if (w->child) {
        struct node *top = node_cover(w->child);
        if (top != w->child) {
            node_get(top);
            node_put(nodes_of(w), w->child);
            w->child = top;
        }
        if (is_followed(w)) {
            if (!w->child->target.data && !w->child->is_self) {
                w->state = WALK_CHILD_ANSWERED;
                return WALK_LINK;
            }
            *out_finished = false;
            enum status status = follow(w);
            return status == OK ? WALK_DONE : failed(w, status);
        }
    }
    if (is_last_name(w))
        return last_name_done(w);
    if (!w->child)
        return failed(w, ERR_NOT_FOUND);
    struct node *child = w->child;
    w->child = nullptr;
    move_to(w, child);
    *out_finished = false;
    return WALK_DONE;
}

/* `.` and `..`; false for any other name. */
static bool pass_dots(struct walk *w)
{
    if (w->path.data[w->name_start] != '.')
        return false;
    bool is_dot = name_is(w, ".", 1), is_dot_dot = name_is(w, "..", 2);
    if (is_dot)
        w->last = WALK_LAST_DOT;
    if (is_dot_dot) {
        w->last = WALK_LAST_DOT_DOT;
        move_to(w, node_get(node_above(w->at, w->root)));
    }
    return is_dot || is_dot_dot;
}

static enum status name_check(const struct walk *w)
{
    if (!node_is_directory(w->at))
        return ERR_NOT_DIRECTORY;
    if (w->name_end - w->name_start > NAME_MAX_BYTES)
        return ERR_NAME_TOO_LONG;
    return credentials_may(w->who, &w->at->attributes, MAY_EXECUTE);
}

enum walk_need walk_run(struct walk *w)
{
    if (w->path.length == 0 && w->links == 0)
        return w->flags & WALK_EMPTY ? done(w, w->at) : failed(w, ERR_NOT_FOUND);
    if (w->path.length > WALK_PATH_MAX)
        return failed(w, ERR_NAME_TOO_LONG);
    for (;;) {
        bool is_known = w->state == WALK_CHILD_ANSWERED;
        if (!is_known) {
            if (!next_name(w))
                return node_is_directory(w->at) ? done(w, w->at) : failed(w, ERR_NOT_DIRECTORY);
            w->has_trailing_slash = is_last_name(w) && w->name_end < w->path.length;
            enum status status = name_check(w);
            if (status != OK)
                return failed(w, status);
            if (pass_dots(w))
                continue;
            if (w->has_trailing_slash && (w->flags & WALK_FILE))
                return failed(w, ERR_IS_DIRECTORY);
            status = child_from_memory(w, &is_known);
            if (status != OK)
                return failed(w, status);
        }
        if (!is_known) {
            w->generation = w->at->generation;
            return WALK_LOOKUP;
        }
        if (w->state == WALK_CHILD_ANSWERED)
            w->state = WALK_CHILD_UNASKED;
        bool is_finished;
        enum walk_need need = pass_name(w, &is_finished);
        if (is_finished || need != WALK_DONE)
            return need;
    }
}

/* The names of this filesystem mean the same to everybody and change only through us. */
static bool is_remembered(const struct filesystem *fs)
{
    return !(fs->flags & FILESYSTEM_VOLATILE_NAMES) && !fs->is_process;
}

/* `.` and `..` are in no cache, so a path with them is walked. */
struct node *walk_glance(struct name_cache *cache, struct node *start, const struct credentials *who, struct view path, uint32_t flags)
{
    const uint8_t *text = path.data;
    size_t at = 0, end = path.length;
    if (end == 0 || end > WALK_PATH_MAX)
        return nullptr;
    struct node *node = start;
    for (;;) {
        while (at < end && text[at] == '/')
            at++;
        size_t stop = find_slash(text, at, end);
        if (stop == at || stop - at > NAME_MAX_BYTES || !node_is_directory(node) || !is_remembered(node->filesystem)
            || credentials_may(who, &node->attributes, MAY_EXECUTE) != OK)
            return nullptr;
        struct node *child;
        if (name_find(cache, node, (struct view){text + at, stop - at}, &child) != NAME_PRESENT)
            return nullptr;
        node = node_cover(child);
        if (stop == end)
            return node->attributes.type == FILE_SYMLINK && (flags & WALK_FOLLOW) ? nullptr : node;
        at = stop;
    }
}
