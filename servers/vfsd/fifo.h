/* SPDX-License-Identifier: MIT
 * Opening named pipes, the last step of open.c for them. */
#pragma once
#include "operation.h"

enum status fifo_open(struct operation *op, struct node *node);
/* The client of this request, which may be waiting here, is interrupted. */
void fifo_cancel(uint64_t request);
