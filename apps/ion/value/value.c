/* SPDX-License-Identifier: MIT
 * Values and scopes (value.h). */
#include "value/value.h"
#include "run/run.h"
#include <stdlib.h>
#include <string.h>

struct value *value_make(enum value_kind kind)
{
    struct value *value = heap_alloc(sizeof *value);
    *value = (struct value){.kind = kind};
    return value;
}

struct value *value_string(const char *text)
{
    struct value *value = value_make(VALUE_STRING);
    value->text = heap_copy(text);
    return value;
}

bool value_is_map(const struct value *value)
{
    return value->kind == VALUE_HMAP || value->kind == VALUE_BMAP;
}

static struct entry *entries_open(struct entry **entries, size_t *count, size_t *capacity, size_t index)
{
    if (*count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 4;
        *entries = heap_resize(*entries, *capacity * sizeof **entries);
    }
    memmove(*entries + index + 1, *entries + index, (*count - index) * sizeof **entries);
    ++*count;
    return *entries + index;
}

void value_insert(struct value *array, size_t index, struct value *item)
{
    *entries_open(&array->entries, &array->count, &array->capacity, index) = (struct entry){.value = item};
}

void value_remove(struct value *array, size_t index)
{
    value_free(array->entries[index].value);
    array->count--;
    memmove(array->entries + index, array->entries + index + 1, (array->count - index) * sizeof *array->entries);
}

static size_t map_position(const struct value *map, const char *key, bool *out_found)
{
    size_t low = 0, high = map->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(map->entries[middle].key, key);
        if (order == 0) return *out_found = true, middle;
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return *out_found = false, low;
}

void value_put(struct value *map, const char *key, struct value *item)
{
    bool found;
    size_t at = map_position(map, key, &found);
    if (found) {
        value_free(map->entries[at].value);
        map->entries[at].value = item;
        return;
    }
    *entries_open(&map->entries, &map->count, &map->capacity, at) = (struct entry){heap_copy(key), item};
}

struct value *value_get(const struct value *map, const char *key)
{
    bool found;
    size_t at = map_position(map, key, &found);
    return found ? map->entries[at].value : nullptr;
}

struct value *value_copy(const struct value *value)
{
    struct value *copy = value_make(value->kind);
    if (value->text) copy->text = heap_copy(value->text);
    copy->function = value->function ? function_get(value->function) : nullptr;
    if (value->count) copy->entries = heap_alloc(value->count * sizeof *copy->entries);
    copy->count = copy->capacity = value->count;
    for (size_t i = 0; i < value->count; i++) {
        const struct entry *from = &value->entries[i];
        copy->entries[i] = (struct entry){from->key ? heap_copy(from->key) : nullptr, value_copy(from->value)};
    }
    return copy;
}

void value_free(struct value *value)
{
    if (!value) return;
    for (size_t i = 0; i < value->count; i++) {
        free(value->entries[i].key);
        value_free(value->entries[i].value);
    }
    if (value->function) function_put(value->function);
    free(value->entries);
    free(value->text);
    free(value);
}

void value_flatten(const struct value *value, struct list *out)
{
    if (value->text) list_add(out, arena_copy(out->arena, value->text, strlen(value->text)));
    for (size_t i = 0; i < value->count; i++) {
        const struct entry *entry = &value->entries[i];
        if (entry->key) list_add(out, arena_copy(out->arena, entry->key, strlen(entry->key)));
        value_flatten(entry->value, out);
    }
}

static struct entry *find_here(struct scope *scope, const char *name)
{
    for (size_t i = 0; i < scope->count; i++)
        if (!strcmp(scope->entries[i].key, name)) return &scope->entries[i];
    return nullptr;
}

struct value *scope_find(struct scope *scope, const char *name)
{
    for (; scope; scope = scope->outer) {
        struct entry *entry = find_here(scope, name);
        if (entry) return entry->value;
    }
    return nullptr;
}

struct entry *scope_find_writable(struct scope *scope, const char *name)
{
    for (; scope; scope = scope->boundary ? nullptr : scope->outer) {
        struct entry *entry = find_here(scope, name);
        if (entry) return entry;
    }
    return nullptr;
}

void scope_set_here(struct scope *scope, const char *name, struct value *value)
{
    struct entry *entry = find_here(scope, name);
    if (entry) {
        value_free(entry->value);
        entry->value = value;
        return;
    }
    *entries_open(&scope->entries, &scope->count, &scope->capacity, scope->count) = (struct entry){heap_copy(name), value};
}

void scope_set(struct scope *scope, const char *name, struct value *value)
{
    struct entry *entry = scope_find_writable(scope, name);
    if (!entry) {
        scope_set_here(scope, name, value);
        return;
    }
    value_free(entry->value);
    entry->value = value;
}

bool scope_drop(struct scope *scope, const char *name)
{
    for (; scope; scope = scope->boundary ? nullptr : scope->outer) {
        struct entry *entry = find_here(scope, name);
        if (!entry) continue;
        free(entry->key);
        value_free(entry->value);
        *entry = scope->entries[--scope->count];
        return true;
    }
    return false;
}

void scope_fini(struct scope *scope)
{
    for (size_t i = 0; i < scope->count; i++) {
        free(scope->entries[i].key);
        value_free(scope->entries[i].value);
    }
    free(scope->entries);
    *scope = (struct scope){};
}
