/* SPDX-License-Identifier: MIT
 * Where the parts of a POSIX process lie. The kernel chooses freely for mmap; what is exact here keeps to the far ends. */
#include "posix/launch/place.h"
#include "posix/vdso/vdso.h"

/* Each region is 2^28 pages: docs/hardening.md states and tests/soak/places.sh measures what that gives. The kernel's own choices begin
 * within 2^28 pages below 0x7fff00000000. */
#define MIB (1ull << 20)
#define REGION_BYTES (1ull << 40)
#define PROGRAM_LOWEST 0x555000000000ull
#define STACK_LOWEST 0x7b0000000000ull
#define INTERPRETER_LOWEST 0x7d0000000000ull
#define LIBRARY_LOWEST 0x7f0000000000ull
#define LIBRARY_RANGE 0xf000000000ull

static uint64_t spread(uint64_t lowest, uint64_t random, uint64_t range, uint64_t alignment)
{
    return lowest + align_down(random % range, alignment);
}

void posix_place_choose(const uint64_t random[4], struct posix_place *out)
{
    uint64_t library = spread(LIBRARY_LOWEST, random[0], LIBRARY_RANGE, THREAD_AREA_BYTES);
    *out = (struct posix_place){
        .program = spread(PROGRAM_LOWEST, random[1], REGION_BYTES, PAGE_SIZE_BYTES),
        .interpreter = spread(INTERPRETER_LOWEST, random[2], REGION_BYTES, PAGE_SIZE_BYTES),
        .image = library, .vdso = library + 16 * MIB - VDSO_TO_CLOCK, .clock = library + 16 * MIB, .table = library + 32 * MIB,
        .state = library + 48 * MIB, .arena = library + 64 * MIB,
        .stack_top = spread(STACK_LOWEST, random[3], REGION_BYTES, 16),
    };
}
