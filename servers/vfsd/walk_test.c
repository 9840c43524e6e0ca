/* SPDX-License-Identifier: MIT
 * What a walk promises, against a filesystem that is a table of paths and answers when the test says so. */
#include "walk.h"
#include "base/string.h"
#include "unit/unit.h"

#define NAME(text) VIEW_OF_LITERAL(text)

struct fake { uint64_t inode, directory; struct view name; uint32_t type, mode, uid; struct view target; };

static struct fake world[32];
static size_t world_count;
static struct node_table nodes;
static struct name_cache names;
static struct filesystem fs, other;
static struct node *root;
static struct credentials who;
static int questions, releases;

static void released(struct node_table *t, struct node *node) { (void)t, (void)node; releases++; }

static void add(uint64_t inode, uint64_t directory, struct view name, uint32_t type, struct view target)
{
    world[world_count++] = (struct fake){inode, directory, name, type, 0755, 0, target};
}

static void world_make(void)
{
    world_count = 0;
    questions = 0;
    who = (struct credentials){.pid = 77};
    add(2, 1, NAME("a"), FILE_DIRECTORY, NAME(""));
    add(3, 2, NAME("b"), FILE_DIRECTORY, NAME(""));
    add(4, 3, NAME("file"), FILE_REGULAR, NAME(""));
    add(5, 1, NAME("link"), FILE_SYMLINK, NAME("a/b"));
    add(6, 2, NAME("up"), FILE_SYMLINK, NAME("../link/file"));
    add(7, 1, NAME("loop"), FILE_SYMLINK, NAME("loop"));
    add(8, 1, NAME("abs"), FILE_SYMLINK, NAME("/a"));
    add(9, 1, NAME("dangling"), FILE_SYMLINK, NAME("a/none"));
    add(20, 10, NAME("inside"), FILE_REGULAR, NAME(""));
    CHECK_EQUAL(node_table_init(&nodes, released), OK);
    CHECK_EQUAL(name_cache_init(&names, &nodes, (struct name_key){0x12345671, 0x9876543211}, 64), OK);
    fs = (struct filesystem){.server = 5, .device = 1};
    other = (struct filesystem){.server = 6, .device = 2};
    struct file_attributes a = {.inode = 1, .type = FILE_DIRECTORY, .mode = 0755, .links = 2};
    CHECK_EQUAL(node_obtain(&nodes, &fs, &a, &root), OK);
    fs.root = root;
}

static struct fake *find(uint64_t directory, struct view name)
{
    for (size_t i = 0; i < world_count; i++)
        if (world[i].directory == directory && view_equal(world[i].name, name))
            return &world[i];
    return nullptr;
}

static struct node *node_of(struct filesystem *in, const struct fake *f)
{
    struct file_attributes a = {.inode = f->inode, .type = f->type, .mode = f->mode, .uid = f->uid, .links = 1};
    struct node *node = nullptr;
    CHECK_EQUAL(node_obtain(&nodes, in, &a, &node), OK);
    return node;
}

static void answer_lookup(struct walk *w)
{
    struct fake *f = find(w->at->attributes.inode, walk_name(w));
    questions++;
    walk_answer(w, f ? node_of(w->at->filesystem, f) : nullptr);
}

static void answer_link(struct walk *w)
{
    questions++;
    for (size_t i = 0; i < world_count; i++)
        if (world[i].inode == w->child->attributes.inode)
            CHECK_EQUAL(node_set_target(w->child, world[i].target), OK);
}

/* Walks to the end; the inode found, 0 for none, or the (negative) status. */
static int64_t run(struct walk *w)
{
    for (;;) {
        switch (walk_run(w)) {
        case WALK_DONE: return w->found ? (int64_t)w->found->attributes.inode : 0;
        case WALK_FAILED: return w->status;
        case WALK_LOOKUP: answer_lookup(w); break;
        case WALK_LINK: answer_link(w); break;
        }
    }
}

static int64_t walk_to(struct node *top, struct node *start, struct view path, uint32_t flags)
{
    struct walk w;
    walk_start(&w, &names, top, start, &who, path, flags);
    int64_t result = run(&w);
    walk_end(&w);
    return result;
}

#define FOLLOW(path) walk_to(root, root, NAME(path), WALK_FOLLOW)

TEST(a_path_is_asked_for_once)
{
    world_make();
    CHECK_EQUAL(FOLLOW("/a/b/file"), 4);
    CHECK_EQUAL(questions, 3);
    CHECK_EQUAL(FOLLOW("a//b/./file"), 4);
    CHECK_EQUAL(FOLLOW("a/nothing"), ERR_NOT_FOUND);
    CHECK_EQUAL(FOLLOW("a/nothing"), ERR_NOT_FOUND);
    CHECK_EQUAL(questions, 4);
}

TEST(dots_go_up_but_not_above_the_root)
{
    world_make();
    CHECK_EQUAL(FOLLOW("a/b/.."), 2);
    CHECK_EQUAL(FOLLOW("../../a"), 2);
    CHECK_EQUAL(FOLLOW("/"), 1);
    struct walk w;
    walk_start(&w, &names, root, root, &who, NAME("a"), 0);
    CHECK_EQUAL(run(&w), 2);
    CHECK_EQUAL(walk_to(w.found, w.found, NAME("../.."), 0), 2);
    CHECK_EQUAL(walk_to(w.found, w.found, NAME("/b/file"), 0), 4);
    walk_end(&w);
}

TEST(symbolic_links_are_followed_as_far_as_asked)
{
    world_make();
    CHECK_EQUAL(FOLLOW("link"), 3);
    CHECK_EQUAL(walk_to(root, root, NAME("link"), 0), 5);
    CHECK_EQUAL(walk_to(root, root, NAME("link/"), 0), 3);
    CHECK_EQUAL(walk_to(root, root, NAME("link/"), WALK_NAME), 5);
    CHECK_EQUAL(walk_to(root, root, NAME("link/"), WALK_FILE), ERR_IS_DIRECTORY);
    CHECK_EQUAL(FOLLOW("a/up"), 4);
    CHECK_EQUAL(FOLLOW("abs/b/file"), 4);
    CHECK_EQUAL(FOLLOW("loop"), ERR_LOOP);
    CHECK_EQUAL(FOLLOW("dangling"), ERR_NOT_FOUND);
}

TEST(a_missing_last_name_has_its_parent)
{
    world_make();
    struct walk w;
    walk_start(&w, &names, root, root, &who, NAME("dangling"), WALK_FOLLOW | WALK_MAY_MISS);
    CHECK_EQUAL(run(&w), 0);
    CHECK_EQUAL(w.parent->attributes.inode, 2);
    CHECK(view_equal(walk_name(&w), NAME("none")));
    walk_end(&w);
    CHECK_EQUAL(walk_to(root, root, NAME("x/y"), WALK_MAY_MISS), ERR_NOT_FOUND);
}

TEST(files_are_not_directories)
{
    world_make();
    CHECK_EQUAL(FOLLOW("a/b/file/"), ERR_NOT_DIRECTORY);
    CHECK_EQUAL(FOLLOW("a/b/file/x"), ERR_NOT_DIRECTORY);
    CHECK_EQUAL(FOLLOW("a/b/file/.."), ERR_NOT_DIRECTORY);
    CHECK_EQUAL(FOLLOW(""), ERR_NOT_FOUND);
    CHECK_EQUAL(walk_to(root, root, NAME(""), WALK_EMPTY), 1);
}

TEST(directories_need_search_permission)
{
    world_make();
    world[0].mode = 0700;
    who = (struct credentials){.uid = 5, .gid = 5};
    CHECK_EQUAL(FOLLOW("a"), 2);
    CHECK_EQUAL(FOLLOW("a/b"), ERR_NO_ACCESS);
}

TEST(mounts_are_crossed_both_ways)
{
    world_make();
    struct file_attributes a = {.inode = 10, .type = FILE_DIRECTORY, .mode = 0755, .links = 2};
    CHECK_EQUAL(node_obtain(&nodes, &other, &a, &other.root), OK);
    struct walk w;
    walk_start(&w, &names, root, root, &who, NAME("a/b"), 0);
    CHECK_EQUAL(run(&w), 3);
    other.covered = node_get(w.found);
    w.found->mounted = &other;
    walk_end(&w);
    CHECK_EQUAL(FOLLOW("a/b"), 10);
    CHECK_EQUAL(FOLLOW("a/b/inside"), 20);
    CHECK_EQUAL(FOLLOW("a/b/.."), 2);
    CHECK_EQUAL(FOLLOW("a/b/../b/inside"), 20);
    uint8_t space[64];
    struct view path;
    walk_start(&w, &names, root, root, &who, NAME("a/b/inside"), 0);
    CHECK_EQUAL(run(&w), 20);
    CHECK_EQUAL(node_path(w.found, root, SPAN_OF_ARRAY(space), &path), OK);
    CHECK(view_equal(path, NAME("/a/b/inside")));
    walk_end(&w);
}

TEST(an_answer_from_before_a_change_is_asked_again)
{
    world_make();
    struct walk w;
    walk_start(&w, &names, root, root, &who, NAME("a/new"), 0);
    CHECK_EQUAL(walk_run(&w), WALK_LOOKUP);
    answer_lookup(&w);
    CHECK_EQUAL(walk_run(&w), WALK_LOOKUP);
    add(30, 2, NAME("new"), FILE_REGULAR, NAME(""));
    w.at->generation++;
    walk_answer(&w, nullptr); /* true when it was asked, not any more */
    CHECK_EQUAL(walk_run(&w), WALK_LOOKUP);
    CHECK(view_equal(walk_name(&w), NAME("new")));
    answer_lookup(&w);
    CHECK_EQUAL(run(&w), 30);
    walk_end(&w);
}

TEST(self_is_the_caller)
{
    world_make();
    fs.is_process = true;
    add(40, 1, NAME("77"), FILE_DIRECTORY, NAME(""));
    CHECK_EQUAL(FOLLOW("self"), 40);
    who.pid = 0;
    CHECK_EQUAL(FOLLOW("self"), ERR_NOT_FOUND);
}

TEST(volatile_names_are_asked_for_each_time)
{
    world_make();
    fs.flags = FILESYSTEM_VOLATILE_NAMES;
    CHECK_EQUAL(FOLLOW("a/b"), 3);
    CHECK_EQUAL(FOLLOW("a/b"), 3);
    CHECK_EQUAL(questions, 4);
}

TEST(the_name_cache_is_bounded_and_lets_nodes_go)
{
    world_make();
    releases = 0;
    char text[8] = "n000";
    for (int i = 0; i < 200; i++) {
        text[1] = (char)('0' + i / 100);
        text[2] = (char)('0' + i / 10 % 10);
        text[3] = (char)('0' + i % 10);
        struct fake f = {.inode = 100 + (uint64_t)i, .type = FILE_REGULAR, .mode = 0644};
        struct node *node = node_of(&fs, &f);
        name_set(&names, root, (struct view){(const uint8_t *)text, 4}, node);
        node_put(&nodes, node);
    }
    CHECK(names.entry_count <= names.entry_limit);
    CHECK_EQUAL(nodes.node_count, 1u + names.entry_count);
    CHECK(releases >= 200 - 64);
    name_cache_purge(&names, &fs);
    CHECK_EQUAL(names.entry_count, 0u);
    CHECK_EQUAL(nodes.node_count, 1u);
}

TEST(permission_bits_are_read_like_linux_reads_them)
{
    struct file_attributes a = {.type = FILE_REGULAR, .mode = 0640, .uid = 1, .gid = 2};
    struct credentials c = {.uid = 1, .gid = 9};
    CHECK_EQUAL(credentials_may(&c, &a, MAY_READ | MAY_WRITE), OK);
    CHECK_EQUAL(credentials_may(&c, &a, MAY_EXECUTE), ERR_NO_ACCESS);
    c = (struct credentials){.uid = 3, .gid = 9, .group_count = 1, .groups = {2}};
    CHECK_EQUAL(credentials_may(&c, &a, MAY_READ), OK);
    CHECK_EQUAL(credentials_may(&c, &a, MAY_WRITE), ERR_NO_ACCESS);
    c = (struct credentials){};
    CHECK_EQUAL(credentials_may(&c, &a, MAY_READ | MAY_WRITE), OK);
    CHECK_EQUAL(credentials_may(&c, &a, MAY_EXECUTE), ERR_NO_ACCESS);
    struct file_attributes sticky = {.type = FILE_DIRECTORY, .mode = 01777};
    c = (struct credentials){.uid = 3};
    CHECK_EQUAL(credentials_may_remove(&c, &sticky, &a), ERR_NOT_PERMITTED);
    c.uid = 1;
    CHECK_EQUAL(credentials_may_remove(&c, &sticky, &a), OK);
}

TEST(the_process_table_tells_who_a_token_is)
{
    static struct process_entry table[4];
    table[2] = (struct process_entry){.sequence = 2, .generation = 7, .pid = 12, .uid = 5, .fsuid = 6, .group_count = 1, .groups = {8}};
    struct credentials c;
    credentials_read(table, 7ull << 32 | 2, &c);
    CHECK_EQUAL(c.uid, 6u);
    CHECK_EQUAL(c.pid, 12);
    CHECK(credentials_in_group(&c, 8));
    credentials_read(table, 6ull << 32 | 2, &c);
    CHECK_EQUAL(c.uid, UID_NOBODY);
    credentials_read(nullptr, 0, &c);
    CHECK_EQUAL(c.uid, 0u);
}
