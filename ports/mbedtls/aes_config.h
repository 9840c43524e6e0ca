/* SPDX-License-Identifier: MIT
 * mbedTLS as lib/crypto uses it: AES with XTS, by the CPU's instructions where it has them. */
#pragma once
#define MBEDTLS_HAVE_ASM
#define MBEDTLS_AES_C
#define MBEDTLS_AESNI_C
#define MBEDTLS_CIPHER_MODE_XTS
