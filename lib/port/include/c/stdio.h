/* SPDX-License-Identifier: MIT
 * Asked for by foreign sources that print only in their own tests. */
#pragma once
#include <stddef.h>
