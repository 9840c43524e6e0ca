/* SPDX-License-Identifier: MIT
 * What the tree in memory promises. */
#include "tree.h"
#include "base/fmt.h"
#include "base/string.h"
#include "unit/unit.h"

#define NAME(text) VIEW_OF_LITERAL(text)
static const struct ram_owner root_owner = {0, 0};
static int released;
static void count_release(struct ram_node *node) { (void)node; released++; }

static struct ram_tree tree_make(void)
{
    struct ram_tree t;
    released = 0;
    CHECK_EQUAL(ram_tree_init(&t, (struct name_key){0x1234567, 0x89abcdef1}, 5000, 1, count_release), OK);
    return t;
}

static struct ram_node *make(struct ram_tree *t, struct ram_node *in, struct view name, uint32_t type)
{
    struct ram_node *node = nullptr;
    CHECK_EQUAL(ram_create(t, in, name, type, 0644, root_owner, 2, &node), OK);
    return node;
}

TEST(a_created_name_is_found_and_taken)
{
    struct ram_tree t = tree_make();
    struct ram_node *a = make(&t, t.root, NAME("a"), FILE_REGULAR), *found;
    CHECK_EQUAL(ram_lookup(&t, t.root, NAME("a"), &found), OK);
    CHECK(found == a);
    CHECK_EQUAL(ram_create(&t, t.root, NAME("a"), FILE_REGULAR, 0, root_owner, 3, &found), ERR_EXISTS);
    CHECK_EQUAL(ram_lookup(&t, t.root, NAME("b"), &found), ERR_NOT_FOUND);
    CHECK_EQUAL(ram_lookup(&t, a, NAME("b"), &found), ERR_NOT_DIRECTORY);
    CHECK_EQUAL(ram_create(&t, t.root, NAME(".."), FILE_REGULAR, 0, root_owner, 3, &found), ERR_INVALID);
    ram_tree_fini(&t);
}

TEST(an_unlinked_file_stays_until_it_is_forgotten)
{
    struct ram_tree t = tree_make();
    struct ram_node *a = make(&t, t.root, NAME("a"), FILE_REGULAR), *victim, *found;
    uint64_t inode = a->attributes.inode;
    CHECK_EQUAL(ram_unlink(&t, t.root, NAME("a"), false, 3, &victim), OK);
    CHECK(victim == a);
    CHECK_EQUAL(ram_node_find(&t, inode, &found), OK);
    ram_forget(&t, a);
    CHECK_EQUAL(ram_node_find(&t, inode, &found), ERR_NOT_FOUND);
    CHECK_EQUAL(released, 1);
    ram_tree_fini(&t);
}

TEST(links_are_counted_as_posix_counts_them)
{
    struct ram_tree t = tree_make();
    struct ram_node *d = make(&t, t.root, NAME("d"), FILE_DIRECTORY), *f = make(&t, d, NAME("f"), FILE_REGULAR), *victim;
    CHECK_EQUAL(t.root->attributes.links, 3u);
    CHECK_EQUAL(d->attributes.links, 2u);
    CHECK_EQUAL(ram_link(&t, f, t.root, NAME("g"), 3), OK);
    CHECK_EQUAL(f->attributes.links, 2u);
    CHECK_EQUAL(ram_link(&t, d, t.root, NAME("h"), 3), ERR_NOT_PERMITTED);
    CHECK_EQUAL(ram_unlink(&t, t.root, NAME("d"), true, 3, &victim), ERR_NOT_EMPTY);
    CHECK_EQUAL(ram_unlink(&t, t.root, NAME("d"), false, 3, &victim), ERR_IS_DIRECTORY);
    CHECK_EQUAL(ram_unlink(&t, d, NAME("f"), true, 3, &victim), ERR_NOT_DIRECTORY);
    CHECK_EQUAL(ram_unlink(&t, d, NAME("f"), false, 3, &victim), OK);
    CHECK_EQUAL(ram_unlink(&t, t.root, NAME("d"), true, 3, &victim), OK);
    CHECK_EQUAL(t.root->attributes.links, 2u);
    CHECK_EQUAL(ram_create(&t, d, NAME("x"), FILE_REGULAR, 0, root_owner, 3, &victim), ERR_NOT_FOUND);
    ram_tree_fini(&t);
}

TEST(rename_replaces_atomically_and_refuses_loops)
{
    struct ram_tree t = tree_make();
    struct ram_node *a = make(&t, t.root, NAME("a"), FILE_DIRECTORY), *b = make(&t, a, NAME("b"), FILE_DIRECTORY);
    struct ram_node *f = make(&t, t.root, NAME("f"), FILE_REGULAR), *g = make(&t, b, NAME("g"), FILE_REGULAR), *moved, *victim, *found;
    CHECK_EQUAL(ram_rename(&t, t.root, NAME("a"), b, NAME("x"), 0, 3, &moved, &victim), ERR_INVALID);
    CHECK_EQUAL(ram_rename(&t, t.root, NAME("f"), b, NAME("g"), RAM_NO_REPLACE, 3, &moved, &victim), ERR_EXISTS);
    CHECK_EQUAL(ram_rename(&t, t.root, NAME("f"), b, NAME("g"), 0, 3, &moved, &victim), OK);
    CHECK(moved == f && victim == g);
    CHECK_EQUAL(g->attributes.links, 0u);
    CHECK_EQUAL(f->attributes.links, 1u);
    CHECK_EQUAL(ram_lookup(&t, t.root, NAME("f"), &found), ERR_NOT_FOUND);
    CHECK_EQUAL(ram_rename(&t, a, NAME("b"), t.root, NAME("b"), 0, 4, &moved, &victim), OK);
    CHECK(b->parent == t.root);
    CHECK_EQUAL(a->attributes.links, 2u);
    CHECK_EQUAL(ram_rename(&t, t.root, NAME("a"), t.root, NAME("b"), RAM_EXCHANGE, 4, &moved, &victim), OK);
    CHECK_EQUAL(ram_lookup(&t, t.root, NAME("a"), &found), OK);
    CHECK(found == b);
    CHECK_EQUAL(ram_rename(&t, t.root, NAME("b"), t.root, NAME("a"), 0, 4, &moved, &victim), ERR_NOT_EMPTY);
    ram_tree_fini(&t);
}

TEST(a_link_renamed_onto_its_twin_changes_nothing)
{
    struct ram_tree t = tree_make();
    struct ram_node *f = make(&t, t.root, NAME("f"), FILE_REGULAR), *moved, *victim;
    CHECK_EQUAL(ram_link(&t, f, t.root, NAME("g"), 3), OK);
    CHECK_EQUAL(ram_rename(&t, t.root, NAME("f"), t.root, NAME("g"), 0, 4, &moved, &victim), OK);
    CHECK(victim == nullptr);
    CHECK_EQUAL(f->attributes.links, 2u);
    ram_tree_fini(&t);
}

TEST(a_listing_survives_removal_between_its_parts)
{
    struct ram_tree t = tree_make();
    char text[16];
    for (int i = 0; i < 1000; i++) {
        size_t n = fmt(text, sizeof text, "f%d", i);
        make(&t, t.root, (struct view){(const uint8_t *)text, n}, FILE_REGULAR);
    }
    uint8_t space[512];
    uint64_t cookie = 0;
    int seen = 0;
    for (;;) {
        struct record_writer w = {.space = SPAN_OF_ARRAY(space)};
        CHECK_EQUAL(ram_readdir(t.root, cookie, &w), OK);
        if (w.used == 0)
            break;
        struct directory_record r;
        struct view name;
        for (size_t position = 0; record_next((struct view){space, w.used}, &position, &r, &name) == OK; seen++) {
            struct ram_node *victim;
            CHECK(r.cookie > cookie);
            cookie = r.cookie;
            CHECK_EQUAL(ram_unlink(&t, t.root, name, false, 5, &victim), OK);
            ram_forget(&t, victim);
        }
    }
    CHECK_EQUAL(seen, 1000);
    CHECK_EQUAL(t.root->entries.live, 0u);
    CHECK_EQUAL(t.node_count, 1u);
    ram_tree_fini(&t);
}

TEST(too_many_nodes_are_no_space)
{
    struct ram_tree t;
    struct ram_node *node;
    CHECK_EQUAL(ram_tree_init(&t, (struct name_key){1, 2}, 2, 1, count_release), OK);
    make(&t, t.root, NAME("a"), FILE_REGULAR);
    CHECK_EQUAL(ram_create(&t, t.root, NAME("b"), FILE_REGULAR, 0, root_owner, 3, &node), ERR_NO_SPACE);
    CHECK_EQUAL(ram_lookup(&t, t.root, NAME("b"), &node), ERR_NOT_FOUND);
    ram_tree_fini(&t);
}

TEST(symbolic_links_keep_their_target)
{
    struct ram_tree t = tree_make();
    struct ram_node *l;
    CHECK_EQUAL(ram_symlink(&t, t.root, NAME("l"), NAME("some/where"), root_owner, 2, &l), OK);
    CHECK(view_equal(l->content, NAME("some/where")));
    CHECK_EQUAL(l->attributes.size_bytes, 10u);
    CHECK_EQUAL(ram_symlink(&t, t.root, NAME("l"), NAME("x"), root_owner, 2, &l), ERR_EXISTS);
    ram_tree_fini(&t);
}
