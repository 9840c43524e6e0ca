/* SPDX-License-Identifier: MIT
 * On the build machine nobody answers system calls, unless a test brings its own trap_host. */
#include "sys/trap.h"
#ifdef MH_HOST
#include "abi/status.h"

__attribute__((weak)) int64_t trap_host(uint32_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    (void)number, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    return ERR_NO_CALL;
}
#endif
