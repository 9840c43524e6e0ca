/* SPDX-License-Identifier: MIT
 * Early return on failure, and scope cleanup. A function uses scope cleanup or goto, not both. */
#pragma once
#include "abi/status.h"

/* Returns the status of `expression` from the enclosing function unless it is OK. */
#define TRY(expression)                                  \
    do {                                                 \
        enum status try_status_ = (expression);          \
        if (__builtin_expect(try_status_ != OK, 0))      \
            return try_status_;                          \
    } while (0)

/* The rare status that a caller may drop, said aloud. */
#define IGNORE(expression) ((void)(expression))

/* CLEANUP(vmo_put) struct vmo *v = ...;  calls vmo_put_cleanup(&v) at scope end; DEFINE_CLEANUP makes that function. */
#define CLEANUP(function) __attribute__((cleanup(function##_cleanup)))
#define DEFINE_CLEANUP(function, type)                                        \
    static inline void function##_cleanup(type *pointer)                      \
    {                                                                         \
        if (*pointer)                                                         \
            function(*pointer);                                               \
    }

/* Moves an owned pointer out of a variable with CLEANUP. */
#define take(pointer)                          \
    ({                                         \
        __auto_type taken_ = (pointer);        \
        (pointer) = nullptr;                   \
        taken_;                                \
    })
