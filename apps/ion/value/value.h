/* SPDX-License-Identifier: MIT
 * What a variable holds, and the scopes that hold variables. A value owns all below it. Numbers and booleans are strings that
 * passed a check. Both kinds of map keep their entries sorted by key. A scope finds its names by their hash: names in the program
 * have theirs computed when they are read. */
#pragma once
#include "value/mem.h"
#include <stdint.h>

enum value_kind : uint8_t { VALUE_STRING, VALUE_ARRAY, VALUE_HMAP, VALUE_BMAP, VALUE_FUNCTION, VALUE_ALIAS };

struct function;
struct value {
    enum value_kind kind;
    char *text;              /* string, alias: the room is that of allocated */
    size_t size, allocated;
    struct entry *entries;   /* array (no keys), maps */
    size_t count, capacity;
    struct function *function;
};
struct entry {
    char *key;
    struct value *value;
    uint32_t hash;           /* of a scope's key */
};

struct value *value_string(const char *text);
struct value *value_make(enum value_kind kind);
struct value *value_copy(const struct value *value);
void value_free(struct value *value);
bool value_is_map(const struct value *value);
/* Whether it can be written after a sigil: no function and no alias. */
bool value_is_variable(const struct value *value);
/* Of a string: the new text in the old room where it fits. */
void value_set_text(struct value *value, const char *text, size_t size);
/* Take ownership of the item. */
void value_insert(struct value *array, size_t index, struct value *item);
void value_put(struct value *map, const char *key, struct value *item);
struct value *value_get(const struct value *map, const char *key);
void value_remove(struct value *array, size_t index);
/* All strings of it, in order; for a map key, value, key, value. */
void value_flatten(const struct value *value, struct list *out);

struct scope {
    struct scope *outer;     /* the next one that is looked at: for a function, where it was defined */
    bool boundary;           /* a function's own: writing stops here */
    struct entry *entries;
    size_t count, capacity;
    uint32_t *index;         /* once there are many: position + 1 by hash, a power of two of them */
    size_t index_size;
};
uint32_t name_hash(const char *name);
struct value *scope_find(struct scope *scope, const char *name);
struct value *scope_find_hashed(const struct scope *scope, const char *name, uint32_t hash);
/* The visible variable that may be written: not beyond the function. */
struct entry *scope_find_writable(struct scope *scope, const char *name);
/* Overwrites what is visible and writable, otherwise makes it in the innermost. Takes the value. */
void scope_set(struct scope *scope, const char *name, struct value *value);
/* The same for a string, reusing the room of the one before. */
void scope_set_text(struct scope *scope, const char *name, uint32_t hash, const char *text, size_t size);
void scope_set_here(struct scope *scope, const char *name, struct value *value);
bool scope_drop(struct scope *scope, const char *name);
void scope_fini(struct scope *scope);
