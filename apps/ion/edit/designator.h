/* SPDX-License-Identifier: MIT
 * History designators: `!!` and its kin. */
#pragma once
#include "edit/frame.h"
#include "edit/history.h"

/* The text with its designators replaced, appended to the output; true when there was one. */
bool designators_expand(const struct history *history, const char *text, struct output *out);
