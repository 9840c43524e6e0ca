/* SPDX-License-Identifier: MIT
 * The model of a tree: nodes, names, and contents in shared pages, so that a copy of all of it is cheap. */
#include "proof/tree.h"
#include "proof/disk.h"
#include <stdlib.h>
#include <string.h>

static void *must_resize(void *old, size_t count, size_t size)
{
    void *memory = reallocarray(old, count ? count : 1, size);
    if (!memory)
        proof_failed("out of memory");
    return memory;
}

static void page_put(struct page *page)
{
    if (--page->references == 0)
        free(page);
}

uint32_t tree_add(struct model_tree *t, const struct model_node *node)
{
    uint32_t at = 0;
    while (at < t->count && t->nodes[at].is_used)
        at++;
    if (at == t->count) {
        t->nodes = must_resize(t->nodes, t->count + 1, sizeof *t->nodes);
        t->nodes[t->count++] = (struct model_node){0};
    }
    tree_clear_node(&t->nodes[at]);
    t->nodes[at] = *node;
    t->nodes[at].is_used = true;
    return at;
}

void tree_clear_node(struct model_node *n)
{
    for (uint32_t i = 0; i < n->page_count; i++)
        page_put(n->pages[i].page);
    free(n->pages);
    free(n->entries);
    *n = (struct model_node){0};
}

void tree_clear(struct model_tree *t)
{
    for (uint32_t i = 0; i < t->count; i++)
        tree_clear_node(&t->nodes[i]);
    free(t->nodes);
    *t = (struct model_tree){0};
}

void tree_copy(struct model_tree *to, const struct model_tree *from)
{
    tree_clear(to);
    to->nodes = must_resize(nullptr, from->count, sizeof *to->nodes);
    to->count = from->count;
    for (uint32_t i = 0; i < from->count; i++) {
        struct model_node *n = &to->nodes[i];
        *n = from->nodes[i];
        n->pages = must_resize(nullptr, n->page_count, sizeof *n->pages);
        n->entries = must_resize(nullptr, n->entry_count, sizeof *n->entries);
        if (n->page_count)
            memcpy(n->pages, from->nodes[i].pages, n->page_count * sizeof *n->pages);
        if (n->entry_count)
            memcpy(n->entries, from->nodes[i].entries, n->entry_count * sizeof *n->entries);
        for (uint32_t p = 0; p < n->page_count; p++)
            n->pages[p].page->references++;
    }
}

struct model_entry *tree_find_entry(struct model_node *directory, const char *name)
{
    for (uint32_t i = 0; i < directory->entry_count; i++)
        if (strcmp(directory->entries[i].name, name) == 0)
            return &directory->entries[i];
    return nullptr;
}

void tree_add_entry(struct model_node *directory, const char *name, uint32_t node)
{
    directory->entries = must_resize(directory->entries, directory->entry_count + 1, sizeof *directory->entries);
    directory->entries[directory->entry_count++] = (struct model_entry){name, node};
}

void tree_remove_entry(struct model_node *directory, const char *name)
{
    struct model_entry *entry = tree_find_entry(directory, name);
    *entry = directory->entries[--directory->entry_count];
}

/* The first page that is not below `number`. */
static uint32_t page_index(const struct model_node *n, uint64_t number)
{
    uint32_t low = 0, high = n->page_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (n->pages[middle].number >= number)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static uint8_t *page_for_writing(struct model_node *n, uint64_t number)
{
    uint32_t at = page_index(n, number);
    if (at == n->page_count || n->pages[at].number != number) {
        n->pages = must_resize(n->pages, n->page_count + 1, sizeof *n->pages);
        memmove(n->pages + at + 1, n->pages + at, (n->page_count++ - at) * sizeof *n->pages);
        n->pages[at] = (struct model_page){number, must_resize(nullptr, 1, sizeof(struct page))};
        memset(n->pages[at].page, 0, sizeof(struct page));
        n->pages[at].page->references = 1;
    } else if (n->pages[at].page->references > 1) {
        struct page *own = must_resize(nullptr, 1, sizeof *own);
        *own = *n->pages[at].page;
        own->references = 1;
        page_put(n->pages[at].page);
        n->pages[at].page = own;
    }
    return n->pages[at].page->bytes;
}

void tree_write(struct model_node *n, uint64_t offset, const uint8_t *data, size_t bytes)
{
    n->size = MAX(n->size, offset + bytes);
    for (size_t done = 0, part; done < bytes; done += part) {
        size_t inside = (offset + done) % MODEL_PAGE;
        part = MIN(bytes - done, MODEL_PAGE - inside);
        memcpy(page_for_writing(n, (offset + done) / MODEL_PAGE) + inside, data + done, part);
    }
}

void tree_truncate(struct model_node *n, uint64_t size)
{
    if (size < n->size) {
        uint32_t keep = page_index(n, (size + MODEL_PAGE - 1) / MODEL_PAGE);
        while (n->page_count > keep)
            page_put(n->pages[--n->page_count].page);
        uint32_t last = page_index(n, size / MODEL_PAGE);
        if (size % MODEL_PAGE && last < n->page_count && n->pages[last].number == size / MODEL_PAGE)
            memset(page_for_writing(n, size / MODEL_PAGE) + size % MODEL_PAGE, 0, MODEL_PAGE - size % MODEL_PAGE);
    }
    n->size = size;
}

void tree_read(const struct model_node *n, uint64_t offset, uint8_t *to, size_t bytes)
{
    memset(to, 0, bytes);
    for (uint32_t i = page_index(n, offset / MODEL_PAGE); i < n->page_count; i++) {
        uint64_t start = n->pages[i].number * MODEL_PAGE;
        if (start >= offset + bytes)
            break;
        uint64_t from = MAX(start, offset), end = MIN(start + MODEL_PAGE, offset + bytes);
        memcpy(to + (from - offset), n->pages[i].page->bytes + (from - start), end - from);
    }
}
