/* SPDX-License-Identifier: MIT
 * Nothing of it is needed. */
#pragma once
#include <stddef.h>
