/* SPDX-License-Identifier: MIT
 * Writing an initfs: sorts the sources, computes where everything lies, writes header, records, texts and data in that order.
 * The two passes use the same layout step (place), so they cannot disagree. */
#include "initfs/initfs.h"
#include "base/checked.h"
#include "base/string.h"
#include "base/try.h"

struct layout { uint64_t text, data; }; /* where the next text and the next file's data go */

static int compare_sources(const struct initfs_source *a, const struct initfs_source *b)
{
    size_t common = MIN(a->path.length, b->path.length);
    int order = common ? memcmp(a->path.data, b->path.data, common) : 0;
    return order != 0 ? order : a->path.length < b->path.length ? -1 : a->path.length > b->path.length;
}

/* Insertion sort: an image has hundreds of entries, mostly in order already. */
static void sort_sources(struct initfs_source *sources, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct initfs_source moving = sources[i];
        uint32_t at = i;
        for (; at > 0 && compare_sources(&sources[at - 1], &moving) > 0; at--)
            sources[at] = sources[at - 1];
        sources[at] = moving;
    }
}

static enum status check_source(const struct initfs_source *s)
{
    if (s->path.length > INITFS_PATH_MAX || (s->path.length > 0 && s->path.data[0] == '/'))
        return ERR_INVALID;
    if (s->type < FILE_REGULAR || s->type > FILE_SYMLINK || s->mode > 07777)
        return ERR_INVALID;
    return s->type == FILE_DIRECTORY && s->data.length > 0 ? ERR_INVALID : OK;
}

static bool data_is_text(const struct initfs_source *s)
{
    return s->type != FILE_REGULAR;
}

static uint64_t text_bytes(const struct initfs_source *s)
{
    return s->path.length + (data_is_text(s) ? s->data.length : 0);
}

static struct layout layout_start(const struct initfs_source *sources, uint32_t count)
{
    struct layout l = {.text = INITFS_HEADER_BYTES + (uint64_t)count * INITFS_RECORD_BYTES};
    l.data = l.text;
    for (uint32_t i = 0; i < count; i++)
        l.data += text_bytes(&sources[i]);
    l.data = align_up(l.data, INITFS_ALIGNMENT);
    return l;
}

/* Where the source's path and data lie; moves the layout on. */
static void place(struct layout *l, const struct initfs_source *s, uint64_t *out_path, uint64_t *out_data)
{
    *out_path = l->text;
    *out_data = data_is_text(s) ? l->text + s->path.length : l->data;
    l->text += text_bytes(s);
    if (!data_is_text(s))
        l->data = align_up(l->data + s->data.length, INITFS_ALIGNMENT);
}

enum status initfs_plan(struct initfs_source *sources, uint32_t count, uint64_t *out_bytes)
{
    for (uint32_t i = 0; i < count; i++)
        TRY(check_source(&sources[i]));
    sort_sources(sources, count);
    for (uint32_t i = 1; i < count; i++)
        if (compare_sources(&sources[i - 1], &sources[i]) == 0)
            return ERR_EXISTS;
    struct layout l = layout_start(sources, count);
    if (l.data > UINT32_MAX)
        return ERR_TOO_BIG; /* path offsets are 32 bits */
    for (uint32_t i = 0; i < count; i++) {
        uint64_t path, data;
        place(&l, &sources[i], &path, &data);
    }
    *out_bytes = l.data;
    return OK;
}

static void put(uint8_t **at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        *(*at)++ = (uint8_t)(value >> (8 * i));
}

static void put_header(uint8_t *at, uint32_t count, uint64_t bytes)
{
    put(&at, INITFS_MAGIC, 8);
    put(&at, count, 4);
    put(&at, 0, 4);
    put(&at, bytes, 8);
    put(&at, 0, 8);
}

static void put_record(uint8_t *at, const struct initfs_source *s, uint64_t path, uint64_t data)
{
    put(&at, path, 4);
    put(&at, s->path.length, 4);
    put(&at, s->type, 4);
    put(&at, s->mode, 4);
    put(&at, s->uid, 4);
    put(&at, s->gid, 4);
    put(&at, (uint64_t)s->modify_ns, 8);
    put(&at, data, 8);
    put(&at, s->data.length, 8);
    put(&at, 0, 8);
}

enum status initfs_write(const struct initfs_source *sources, uint32_t count, struct span to)
{
    struct layout l = layout_start(sources, count);
    if (l.data > to.length)
        return ERR_TOO_BIG;
    memset(to.data, 0, to.length);
    put_header(to.data, count, to.length);
    for (uint32_t i = 0; i < count; i++) {
        const struct initfs_source *s = &sources[i];
        uint64_t path, data;
        place(&l, s, &path, &data);
        if (!range_fits(data, s->data.length, to.length) || !range_fits(path, s->path.length, to.length))
            return ERR_TOO_BIG;
        put_record(to.data + INITFS_HEADER_BYTES + (uint64_t)i * INITFS_RECORD_BYTES, s, path, data);
        if (s->path.length)
            memcpy(to.data + path, s->path.data, s->path.length);
        if (s->data.length)
            memcpy(to.data + data, s->data.data, s->data.length);
    }
    return OK;
}
