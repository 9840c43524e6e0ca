/* SPDX-License-Identifier: MIT
 * The emitters: each writes one generated file from a checked protocol. */
#pragma once
#include "protocol.h"
#include <stdio.h>

void emit_numbers(FILE *to, const struct protocol *p); /* protocol/NAME_abi.h: ids, constants, structures; the kernel may include it */
void emit_client(FILE *to, const struct protocol *p);  /* protocol/NAME.h: in and out structures, call, submit, completion */
void emit_server(FILE *to, const struct protocol *p);  /* protocol/NAME_server.h: table of operations, dispatch, late replies */
void emit_page(FILE *to, const struct protocol *p);    /* the page of the book */
void emit_names(FILE *to, const struct protocol *const *all, size_t count); /* protocol/names.h: what an id is called */
