/* SPDX-License-Identifier: MIT
 * The C libraries' image (posix/vdso), carried along in whole pages at the end of ours, so that exec can map it from the same object. */
    .section .posix.vdso, "a", @progbits
    .balign 4096
    .globl posix_vdso, posix_vdso_end
    .hidden posix_vdso, posix_vdso_end
posix_vdso:
    .incbin "build/posix-vdso.so"
    .balign 4096
posix_vdso_end:
    .section .note.GNU-stack, "", @progbits
