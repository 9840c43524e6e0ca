/* SPDX-License-Identifier: MIT
 * Values and scopes (value.h). */
#include "value/value.h"
#include "run/run.h"
#include <stdlib.h>
#include <string.h>

struct value *value_make(enum value_kind kind)
{
    struct value *value = pool_alloc(sizeof *value);
    *value = (struct value){.kind = kind};
    return value;
}

struct value *value_string(const char *text)
{
    struct value *value = value_make(VALUE_STRING);
    value_set_text(value, text, strlen(text));
    return value;
}

void value_set_text(struct value *value, const char *text, size_t size)
{
    char *room = value->text;
    size_t allocated = value->allocated;
    if (size >= value->allocated || value->allocated > size * 4 + 64) {
        allocated = size < 24 ? 32 : size + 1;
        room = pool_alloc(allocated);
    }
    memmove(room, text, size);
    room[size] = 0;
    if (room != value->text) pool_free(value->text, value->allocated);
    value->allocated = allocated;
    value->text = room;
    value->size = size;
}

bool value_is_variable(const struct value *value)
{
    return value && value->kind < VALUE_FUNCTION;
}

bool value_is_map(const struct value *value)
{
    return value->kind == VALUE_HMAP || value->kind == VALUE_BMAP;
}

static char *key_copy(const char *key)
{
    size_t size = strlen(key) + 1;
    return memcpy(pool_alloc(size), key, size);
}

static void key_free(char *key)
{
    if (key) pool_free(key, strlen(key) + 1);
}

/* A new place at index; what it holds is the caller's to write. */
static struct entry *entries_open(struct entry **entries, size_t *count, size_t *capacity, size_t index)
{
    if (*count == *capacity) {
        size_t more = *capacity ? *capacity * 2 : 4;
        struct entry *grown = pool_alloc(more * sizeof *grown);
        if (*count) memcpy(grown, *entries, *count * sizeof *grown);
        pool_free(*entries, *capacity * sizeof *grown);
        *entries = grown;
        *capacity = more;
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
    *entries_open(&map->entries, &map->count, &map->capacity, at) = (struct entry){.key = key_copy(key), .value = item};
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
    if (value->text) value_set_text(copy, value->text, value->size);
    copy->function = value->function ? function_get(value->function) : nullptr;
    if (value->count) copy->entries = pool_alloc(value->count * sizeof *copy->entries);
    copy->count = copy->capacity = value->count;
    for (size_t i = 0; i < value->count; i++) {
        const struct entry *from = &value->entries[i];
        copy->entries[i] = (struct entry){.key = from->key ? key_copy(from->key) : nullptr, .value = value_copy(from->value)};
    }
    return copy;
}

void value_free(struct value *value)
{
    if (!value) return;
    for (size_t i = 0; i < value->count; i++) {
        key_free(value->entries[i].key);
        value_free(value->entries[i].value);
    }
    if (value->function) function_put(value->function);
    if (value->capacity) pool_free(value->entries, value->capacity * sizeof *value->entries);
    if (value->text) pool_free(value->text, value->allocated);
    pool_free(value, sizeof *value);
}

void value_flatten(const struct value *value, struct list *out)
{
    if (value->text) list_add(out, arena_copy(out->arena, value->text, value->size));
    for (size_t i = 0; i < value->count; i++) {
        const struct entry *entry = &value->entries[i];
        if (entry->key) list_add(out, arena_copy(out->arena, entry->key, strlen(entry->key)));
        value_flatten(entry->value, out);
    }
}

uint32_t name_hash(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

enum { INDEX_FROM = 8 };

static void index_add(struct scope *scope, size_t position)
{
    size_t at = scope->entries[position].hash & (scope->index_size - 1);
    while (scope->index[at]) at = (at + 1) & (scope->index_size - 1);
    scope->index[at] = (uint32_t)position + 1;
}

static void index_build(struct scope *scope)
{
    free(scope->index);
    scope->index = nullptr;
    if (scope->count < INDEX_FROM) return;
    scope->index_size = 32;
    while (scope->index_size < scope->count * 4) scope->index_size *= 2;
    scope->index = heap_alloc(scope->index_size * sizeof *scope->index);
    memset(scope->index, 0, scope->index_size * sizeof *scope->index);
    for (size_t i = 0; i < scope->count; i++) index_add(scope, i);
}

static struct entry *find_here(const struct scope *scope, const char *name, uint32_t hash)
{
    if (!scope->index) {
        for (size_t i = 0; i < scope->count; i++)
            if (scope->entries[i].hash == hash && !strcmp(scope->entries[i].key, name)) return &scope->entries[i];
        return nullptr;
    }
    for (size_t at = hash & (scope->index_size - 1); scope->index[at]; at = (at + 1) & (scope->index_size - 1)) {
        struct entry *entry = &scope->entries[scope->index[at] - 1];
        if (entry->hash == hash && !strcmp(entry->key, name)) return entry;
    }
    return nullptr;
}

struct value *scope_find_hashed(const struct scope *scope, const char *name, uint32_t hash)
{
    for (; scope; scope = scope->outer) {
        struct entry *entry = scope->count ? find_here(scope, name, hash) : nullptr;
        if (entry) return entry->value;
    }
    return nullptr;
}

struct value *scope_find(struct scope *scope, const char *name)
{
    return scope_find_hashed(scope, name, name_hash(name));
}

static struct entry *find_writable(struct scope *scope, const char *name, uint32_t hash)
{
    for (; scope; scope = scope->boundary ? nullptr : scope->outer) {
        struct entry *entry = scope->count ? find_here(scope, name, hash) : nullptr;
        if (entry) return entry;
    }
    return nullptr;
}

struct entry *scope_find_writable(struct scope *scope, const char *name)
{
    return find_writable(scope, name, name_hash(name));
}

static void add_entry(struct scope *scope, const char *name, uint32_t hash, struct value *value)
{
    struct entry *entry = entries_open(&scope->entries, &scope->count, &scope->capacity, scope->count);
    *entry = (struct entry){.key = key_copy(name), .value = value, .hash = hash};
    if (scope->index && scope->count * 2 <= scope->index_size) index_add(scope, scope->count - 1);
    else index_build(scope);
}

static void replace(struct entry *entry, struct value *value)
{
    struct value *old = entry->value;
    entry->value = value;
    value_free(old);
}

void scope_set_here(struct scope *scope, const char *name, struct value *value)
{
    uint32_t hash = name_hash(name);
    struct entry *entry = find_here(scope, name, hash);
    if (entry) replace(entry, value);
    else add_entry(scope, name, hash, value);
}

void scope_set(struct scope *scope, const char *name, struct value *value)
{
    uint32_t hash = name_hash(name);
    struct entry *entry = find_writable(scope, name, hash);
    if (entry) replace(entry, value);
    else add_entry(scope, name, hash, value);
}

void scope_set_text(struct scope *scope, const char *name, uint32_t hash, const char *text, size_t size)
{
    struct entry *entry = find_writable(scope, name, hash);
    if (!entry) {
        struct value *value = value_make(VALUE_STRING);
        value_set_text(value, text, size);
        add_entry(scope, name, hash, value);
    } else if (entry->value->kind == VALUE_STRING) {
        value_set_text(entry->value, text, size);
    } else {
        replace(entry, value_string(text));
    }
}

bool scope_drop(struct scope *scope, const char *name)
{
    struct entry *entry = scope_find_writable(scope, name);
    if (!entry) return false;
    while (!scope->count || entry < scope->entries || entry >= scope->entries + scope->count) scope = scope->outer;
    key_free(entry->key);
    value_free(entry->value);
    *entry = scope->entries[--scope->count];
    index_build(scope);
    return true;
}

void scope_fini(struct scope *scope)
{
    for (size_t i = 0; i < scope->count; i++) {
        key_free(scope->entries[i].key);
        value_free(scope->entries[i].value);
    }
    if (scope->capacity) pool_free(scope->entries, scope->capacity * sizeof *scope->entries);
    if (scope->index) free(scope->index);
    *scope = (struct scope){};
}
