/* SPDX-License-Identifier: MIT
 * The client's side of a disk: requests with completions over the ring of abi/block_ring.h. Never waits: everything, setting up included,
 * goes by submit and events, so a filesystem server stays live whatever the disk does. When the driver dies, the client
 * connects to the next one by the same root handle and asks again for all that was under way; reads and writes may be repeated,
 * because no two requests of a client that are under way overlap. One loop owns it. */
#pragma once
#include "abi/block_ring.h"
#include "protocol/block.h"
#include "server/server.h"

#define BLOCK_UNDER_WAY_MAX 64u
#define BLOCK_BUFFERS_MAX 4u

struct block_client;
typedef void block_done(struct block_client *c, void *argument, enum status status);

struct block_under_way { struct block_request request; block_done *done; void *argument; bool used; };
struct block_buffer { handle_t memory; uint64_t bytes; uint32_t number; };

struct block_client {
    struct server *server;
    handle_t root;                    /* the disk's, which outlives the driver */
    void (*ready)(struct block_client *c, enum status status); /* once, when the first connection stands or cannot be made */
    struct block_disk disk;
    bool was_ready, is_connected;
    /* this connection */
    handle_t connection, their_bell;
    uint32_t step, submitted, seen;
    struct completion next_step;
    struct event_handler hangup;
    struct block_disk described;
    /* all connections */
    handle_t ring_memory, own_bell;
    struct block_ring *ring;
    struct event_handler rung;
    struct block_buffer buffers[BLOCK_BUFFERS_MAX];
    uint32_t buffer_count;
    struct block_under_way table[BLOCK_UNDER_WAY_MAX];
    void *context;                    /* the caller's */
};

/* Starts to connect; add buffers before. `root` is taken. */
enum status block_client_init(struct block_client *c, struct server *server, handle_t root);
/* Wired memory of our own that requests may name; answers its index. Before block_client_connect. */
enum status block_client_buffer(struct block_client *c, handle_t memory, uint64_t bytes, uint32_t *out_buffer);
enum status block_client_connect(struct block_client *c, void (*ready)(struct block_client *c, enum status status));
/* ERR_BUSY: too many under way. `done` is called from the loop, never from here. */
enum status block_client_ask(struct block_client *c, enum block_operation operation, uint64_t offset, uint32_t buffer, uint64_t buffer_offset,
                             uint32_t length, block_done *done, void *argument);
