/* SPDX-License-Identifier: MIT
 * The store of requests: chunks that are never freed, a free list, and ids that are (use count, index).
 * store_lock guards the free list and the chunk table's growth; finding by id needs no lock. */
#include "kernel/ipc/request.h"
#include "base/string.h"
#include "kernel/core/log.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/mm/heap.h"
#include "kernel/task/context.h"

#define CHUNK_REQUESTS 64u
#define CHUNKS_MAX 4096u

static struct request *chunks[CHUNKS_MAX];
static uint32_t chunk_count;
static struct list_node free_requests = LIST_INIT(free_requests);
static struct spinlock store_lock = SPINLOCK_INIT(RANK_CONTEXT);

static enum status store_grow_locked(void)
{
    if (chunk_count == CHUNKS_MAX)
        return ERR_LIMIT;
    struct request *chunk = heap_allocate_zeroed(CHUNK_REQUESTS * sizeof *chunk);
    if (!chunk)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < CHUNK_REQUESTS; i++) {
        chunk[i].id = chunk[i].index = chunk_count * CHUNK_REQUESTS + i;
        list_push_back(&free_requests, &chunk[i].link);
    }
    /* Release: whoever finds the chunk by an id sees its requests initialized. */
    __atomic_store_n(&chunks[chunk_count], chunk, __ATOMIC_RELEASE);
    chunk_count++;
    return OK;
}

enum status request_create(struct context *client, struct request **out)
{
    struct request *r;
    {
        GUARD(&store_lock);
        if (list_is_empty(&free_requests))
            TRY(store_grow_locked());
        r = list_entry(list_pop_front(&free_requests), struct request, link);
    }
    r->client = client;
    r->state = REQUEST_FREE;
    r->completion_endpoint = nullptr;
    r->resource = r->forwarded = nullptr;
    r->server = nullptr;
    r->queued_entity = nullptr;
    r->keeps = nullptr;
    r->busy = 0;
    r->cancel_told = false;
    notice_init(&r->cancel, KIND_CANCEL, 0, nullptr);
    r->sent = (struct handle_view){0};
    *out = r;
    return OK;
}

void request_put(struct request *r)
{
    r->state = REQUEST_FREE;
    r->client = nullptr;
    r->endpoint = nullptr;
    request_next_id(r);
    GUARD(&store_lock);
    list_push_front(&free_requests, &r->link);
}

struct request *request_find(uint64_t id)
{
    uint64_t index = id & ((1u << REQUEST_INDEX_BITS) - 1);
    if (index / CHUNK_REQUESTS >= CHUNKS_MAX)
        return nullptr;
    struct request *chunk = __atomic_load_n(&chunks[index / CHUNK_REQUESTS], __ATOMIC_ACQUIRE);
    return chunk ? &chunk[index % CHUNK_REQUESTS] : nullptr;
}

static void request_dump(const struct request *r)
{
    static const char *const names[] = {"free", "queued", "open", "done"};
    const struct endpoint *e = r->endpoint, *completes = r->completion_endpoint;
    log_error("request %lx %s%s%s kind %x token %lx at endpoint %lu by context %lu served by %lu, completes at %lu instance %u", r->id,
              names[r->state & 3], r->busy ? " busy" : "", r->cancel_told ? " told to cancel" : "", r->kind,
              r->resource ? r->resource->token : 0, e ? e->object.id : 0, r->client ? r->client->object.id : 0,
              r->server ? r->server->object.id : 0, completes ? completes->object.id : 0, r->completion_instance);
}

void requests_dump(void)
{
    for (uint32_t i = 0; i < chunk_count; i++)
        for (uint32_t j = 0; j < CHUNK_REQUESTS; j++)
            if (chunks[i][j].state != REQUEST_FREE)
                request_dump(&chunks[i][j]);
}
