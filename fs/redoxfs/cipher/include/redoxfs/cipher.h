/* SPDX-License-Identifier: MIT
 * The ciphers that encrypted volumes have, made of lib/crypto. */
#pragma once
#include "redoxfs/encrypt.h"

extern const struct redoxfs_cipher redoxfs_cipher;
