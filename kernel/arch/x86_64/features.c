/* SPDX-License-Identifier: MIT
 * What the CPU can do, and switching it on. All CPUs are taken to be alike; the boot CPU's answers are constant afterwards.
 * Required: x86-64 with NX, SYSCALL, XSAVEOPT, FSGSBASE, PAT (every x86 CPU sold since about 2013, and `-cpu max`). The rest is used
 * when present. */
#include "arch/machine.h"
#include "asm.h"
#include "kernel/core/panic.h"
#include "machine_private.h"
#include "offsets.h"

struct cpu_features cpu_features;
extern const char syscall_entry[];

enum : uint64_t { XCR0_X87 = 1, XCR0_SSE = 2, XCR0_AVX = 4, XCR0_AVX512 = 7u << 5 };
enum { LEAF_FEATURES = 1, LEAF_EXTENDED_FEATURES = 7, LEAF_XSAVE = 0xd };

static void require(bool present, const char *what)
{
    if (!present)
        panic("this CPU lacks %s, which the system needs", what);
}

static void detect_vector_state(uint32_t features_ecx)
{
    require(features_ecx & 1u << 26, "XSAVE");
    asm_write_cr4(asm_read_cr4() | CR4_OSXSAVE | CR4_OSFXSR | CR4_OSXMMEXCPT);
    uint64_t supported = asm_cpuid(LEAF_XSAVE, 0).eax;
    cpu_features.xcr0 = XCR0_X87 | XCR0_SSE | (supported & XCR0_AVX);
    if (supported & XCR0_AVX && (supported & XCR0_AVX512) == XCR0_AVX512)
        cpu_features.xcr0 |= XCR0_AVX512;
    asm_set_xcr0(cpu_features.xcr0);
    cpu_features.vector_state_bytes = asm_cpuid(LEAF_XSAVE, 0).ebx;
    require(asm_cpuid(LEAF_XSAVE, 1).eax & 1, "XSAVEOPT");
}

void features_detect(void)
{
    struct cpu_features *f = &cpu_features;
    struct cpuid_answer basic = asm_cpuid(LEAF_FEATURES, 0), more = {0};
    if (asm_cpuid(0, 0).eax >= LEAF_EXTENDED_FEATURES)
        more = asm_cpuid(LEAF_EXTENDED_FEATURES, 0);
    uint32_t highest = asm_cpuid(0x80000000, 0).eax;
    struct cpuid_answer extended = asm_cpuid(0x80000001, 0);
    require(extended.edx & 1u << 20, "no-execute pages");
    require(basic.edx & 1u << 16, "the page attribute table");
    require(more.ebx & 1u << 0, "FSGSBASE");
    f->pge = basic.edx & 1u << 13;
    f->pcid = basic.ecx & 1u << 17;
    f->x2apic = basic.ecx & 1u << 21;
    f->tsc_deadline = basic.ecx & 1u << 24;
    f->rdrand = basic.ecx & 1u << 30;
    f->smep = more.ebx & 1u << 7;
    f->fast_strings = more.ebx & 1u << 9;
    f->smap = more.ebx & 1u << 20;
    f->umip = more.ecx & 1u << 2;
    f->gb_pages = extended.edx & 1u << 26;
    f->tsc_invariant = highest >= 0x80000007 && asm_cpuid(0x80000007, 0).edx & 1u << 8;
    detect_vector_state(basic.ecx);
}

static void enable_system_call(void)
{
    asm_write_msr(MSR_EFER, asm_read_msr(MSR_EFER) | EFER_SCE | EFER_NXE);
    asm_write_msr(MSR_STAR, (uint64_t)(SELECTOR_KERNEL_DATA | 3) << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32);
    asm_write_msr(MSR_LSTAR, (uint64_t)syscall_entry);
    asm_write_msr(MSR_FMASK, RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_AC | RFLAGS_NT | RFLAGS_IOPL | RFLAGS_RF);
    asm_write_msr(MSR_SYSENTER_CODE, 0); /* the other system-call instruction is refused */
}

void features_enable(void)
{
    const struct cpu_features *f = &cpu_features;
    asm_write_cr0((asm_read_cr0() | CR0_MP | CR0_NE | CR0_WP) & ~(CR0_EM | CR0_TS));
    uint64_t cr4 = asm_read_cr4() | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE | CR4_FSGSBASE;
    cr4 |= (f->pge ? CR4_PGE : 0) | (f->umip ? CR4_UMIP : 0) | (f->smep ? CR4_SMEP : 0) | (f->smap ? CR4_SMAP : 0) |
           (f->pcid ? CR4_PCIDE : 0);
    asm_write_cr4(cr4 & ~CR4_TSD);
    asm_set_xcr0(f->xcr0);
    /* Page attributes: write-back, write-combining, uncached-, uncached; then the same four again. */
    asm_write_msr(MSR_PAT, 0x0007010600070106);
    enable_system_call();
}

uint64_t arch_random(void)
{
    uint64_t value = 0;
    for (int tries = 0; cpu_features.rdrand && tries < 10; tries++)
        if (asm_random(&value))
            return value;
    return 0;
}
