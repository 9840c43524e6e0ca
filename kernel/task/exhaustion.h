/* SPDX-License-Identifier: MIT
 * What happens when a page that a program may touch cannot be had. */
#pragma once
#include "abi/status.h"
#include "base/types.h"

/* With what space_fault said, ERR_LIMIT or ERR_NO_MEMORY, and no lock held. Somebody's end gives memory back, of the
 * group whose limit it is, or of all groups but the root: the largest process, if it is a hog, else the newest of the crowd. True: the fault may be tried
 * again. False: the caller was chosen, and ends. */
bool exhaustion_resolve(enum status why, uint64_t address);
