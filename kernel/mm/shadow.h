/* SPDX-License-Identifier: MIT
 * The checked flavour (MH_CHECK=1): every load and store that the compiler made asks here whether its bytes are somebody's. One shadow
 * byte for eight bytes of RAM tells; it covers all RAM through the direct map, so the heap and every frame. Freed items and
 * frames wait before they are used again, so that who still holds them is caught and not served. In other flavours nothing of this
 * exists. What is not covered: the kernel's image, and its stacks, which have guard pages and canaries. */
#pragma once
#include "kernel/core/addresses.h"

struct cache;

#ifdef MH_CHECK
#define SHADOW_REDZONE 64u /* behind each item; keeps the alignment that items had */

uint64_t shadow_bytes(uint64_t frames);                     /* what shadow_init wants for so much RAM */
void shadow_init(void *room, uint64_t frames);
/* Panics unless all bytes may be used. For what the compiler does not see: assembly and string instructions. */
void shadow_check(const void *at, uint64_t bytes);

void shadow_frames_given(uint32_t first, uint32_t count);
void shadow_frames_freed(uint32_t first, uint32_t count);
/* Keeps a freed frame for a while. True: nothing is to be freed now; false: *number is now the one that waited longest. */
bool shadow_frame_wait(uint32_t *number);
bool shadow_frame_waited(uint32_t *out_number);             /* takes this CPU's longest waiting one, however short it waited */
uint64_t shadow_frames_waiting(void);

/* For heap.c. `item` begins item_bytes, of which the last SHADOW_REDZONE are ours. */
void shadow_slab_made(const void *slab, uint64_t bytes);
/* `from`: the code address that asked, for reports. size 0: all of it. */
void shadow_item_given(const struct cache *c, void *item, uint64_t size, uint64_t from);
/* The item waits. True: nothing is to be freed now; false: *c and *item are the one that waited longest. Panics when it is not in use, or `size` (0: any) is wrong. */
bool shadow_item_wait(struct cache **c, void **item, uint64_t size, uint64_t from);
uint64_t shadow_items_waiting(const struct cache *c);
#else
#define SHADOW_REDZONE 0u
static inline uint64_t shadow_bytes(uint64_t frames) { return frames & 0; }
static inline void shadow_init(void *room, uint64_t frames) { (void)room, (void)frames; }
static inline void shadow_check(const void *at, uint64_t bytes) { (void)at, (void)bytes; }
static inline void shadow_frames_given(uint32_t first, uint32_t count) { (void)first, (void)count; }
static inline void shadow_frames_freed(uint32_t first, uint32_t count) { (void)first, (void)count; }
static inline bool shadow_frame_wait(uint32_t *number) { return !number; }
static inline bool shadow_frame_waited(uint32_t *out_number) { return !out_number; }
static inline uint64_t shadow_frames_waiting(void) { return 0; }
static inline uint64_t shadow_items_waiting(const struct cache *c) { return !c; }
static inline void shadow_slab_made(const void *slab, uint64_t bytes) { (void)slab, (void)bytes; }
#endif
