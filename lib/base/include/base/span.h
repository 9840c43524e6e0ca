/* SPDX-License-Identifier: MIT
 * Bytes travel as spans (writable) and views (read-only). A reader walks a view and cannot run past its end. */
#pragma once
#include "abi/status.h"
#include "base/types.h"

struct span { uint8_t *data; size_t length; };
struct view { const uint8_t *data; size_t length; };

#define VIEW_OF_LITERAL(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})
#define VIEW_OF_STRUCT(pointer) ((struct view){(const uint8_t *)(pointer), sizeof *(pointer)})
#define SPAN_OF_STRUCT(pointer) ((struct span){(uint8_t *)(pointer), sizeof *(pointer)})
#define SPAN_OF_ARRAY(array) ((struct span){(uint8_t *)(array), sizeof(array)})

static inline struct view view_of_span(struct span s) { return (struct view){s.data, s.length}; }
struct view view_of_string(const char *text);

/* The part [offset, offset + length); ERR_OUT_OF_RANGE when it does not lie inside. */
enum status view_part(struct view v, uint64_t offset, uint64_t length, struct view *out);
enum status span_part(struct span s, uint64_t offset, uint64_t length, struct span *out);
bool view_equal(struct view a, struct view b);
bool view_starts_with(struct view v, struct view prefix);
/* Position of the first `byte`, or v.length. */
size_t view_find(struct view v, uint8_t byte);
/* Copies min(lengths) bytes and says how many. */
size_t span_copy(struct span to, struct view from);
/* Splits at the first `byte`: *out_head before it, *rest after it (empty when there is none). */
void view_split(struct view v, uint8_t byte, struct view *out_head, struct view *out_rest);
enum status view_to_u64(struct view digits, uint64_t *out); /* decimal, or hexadecimal after 0x */

struct reader { struct view rest; };
static inline struct reader reader_of(struct view v) { return (struct reader){v}; }
/* Each takes what it returns off the front, or answers ERR_TRUNCATED and moves nothing. */
enum status read_u8(struct reader *r, uint8_t *out);
enum status read_u16le(struct reader *r, uint16_t *out);
enum status read_u32le(struct reader *r, uint32_t *out);
enum status read_u64le(struct reader *r, uint64_t *out);
enum status read_u16be(struct reader *r, uint16_t *out);
enum status read_u32be(struct reader *r, uint32_t *out);
enum status read_view(struct reader *r, uint64_t length, struct view *out);
enum status read_skip(struct reader *r, uint64_t length);
