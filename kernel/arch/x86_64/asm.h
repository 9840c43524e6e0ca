/* SPDX-License-Identifier: MIT
 * Each privileged or CPU-specific instruction that the kernel uses, as one inline function. Nothing here decides anything.
 * Numbers: Intel SDM volume 2 (instructions), volume 4 (MSRs). */
#pragma once
#include "base/types.h"

enum : uint32_t {
    MSR_APIC_BASE = 0x1b, MSR_SYSENTER_CODE = 0x174, MSR_TSC_DEADLINE = 0x6e0, MSR_X2APIC = 0x800, MSR_PAT = 0x277,
    MSR_EFER = 0xc0000080, MSR_STAR = 0xc0000081, MSR_LSTAR = 0xc0000082, MSR_FMASK = 0xc0000084,
    MSR_FS_BASE = 0xc0000100, MSR_GS_BASE = 0xc0000101, MSR_KERNEL_GS_BASE = 0xc0000102,
};
enum : uint64_t {
    EFER_SCE = 1u << 0, EFER_NXE = 1u << 11,
    CR0_MP = 1u << 1, CR0_EM = 1u << 2, CR0_TS = 1u << 3, CR0_NE = 1u << 5, CR0_WP = 1u << 16,
    CR4_TSD = 1u << 2, CR4_MCE = 1u << 6, CR4_PGE = 1u << 7, CR4_OSFXSR = 1u << 9, CR4_OSXMMEXCPT = 1u << 10, CR4_UMIP = 1u << 11, CR4_LA57 = 1u << 12,
    CR4_FSGSBASE = 1u << 16, CR4_PCIDE = 1u << 17, CR4_OSXSAVE = 1u << 18, CR4_SMEP = 1u << 20, CR4_SMAP = 1u << 21,
    RFLAGS_RESERVED = 1u << 1, RFLAGS_TF = 1u << 8, RFLAGS_IF = 1u << 9, RFLAGS_DF = 1u << 10, RFLAGS_IOPL = 3u << 12,
    RFLAGS_NT = 1u << 14, RFLAGS_RF = 1u << 16, RFLAGS_AC = 1u << 18, RFLAGS_ID = 1u << 21,
};

static inline uint64_t asm_read_msr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}
static inline void asm_write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

#define ASM_CONTROL_REGISTER(name)                                                                 \
    static inline uint64_t asm_read_##name(void)                                                   \
    {                                                                                              \
        uint64_t value;                                                                            \
        __asm__ volatile("mov %%" #name ", %0" : "=r"(value));                                     \
        return value;                                                                              \
    }                                                                                              \
    static inline void asm_write_##name(uint64_t value) { __asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory"); }
ASM_CONTROL_REGISTER(cr0)
ASM_CONTROL_REGISTER(cr2)
ASM_CONTROL_REGISTER(cr3)
ASM_CONTROL_REGISTER(cr4)
#undef ASM_CONTROL_REGISTER

struct cpuid_answer { uint32_t eax, ebx, ecx, edx; };
static inline struct cpuid_answer asm_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_answer r;
    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint8_t asm_in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static inline uint16_t asm_in16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static inline uint32_t asm_in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static inline void asm_out8(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static inline void asm_out16(uint16_t port, uint16_t value) { __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port)); }
static inline void asm_out32(uint16_t port, uint32_t value) { __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port)); }
static inline void asm_out_bytes(uint16_t port, const void *data, size_t length)
{
    __asm__ volatile("rep outsb" : "+S"(data), "+c"(length) : "d"(port) : "memory");
}

static inline uint64_t asm_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}
static inline bool asm_random(uint64_t *out)
{
    bool ok;
    __asm__ volatile("rdrand %0" : "=r"(*out), "=@ccc"(ok));
    return ok;
}
static inline void asm_set_xcr0(uint64_t value)
{
    __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}
static inline uint64_t asm_read_fs_base(void)
{
    uint64_t value;
    __asm__ volatile("rdfsbase %0" : "=r"(value));
    return value;
}
static inline void asm_write_fs_base(uint64_t value) { __asm__ volatile("wrfsbase %0" : : "r"(value)); }
/* In the kernel the user's GS base sits behind swapgs. No interrupt can come between (they are off), and NMI and machine check
 * load GS themselves. */
static inline uint64_t asm_read_user_gs_base(void)
{
    uint64_t value;
    __asm__ volatile("swapgs; rdgsbase %0; swapgs" : "=r"(value) : : "memory");
    return value;
}
static inline void asm_write_user_gs_base(uint64_t value)
{
    __asm__ volatile("swapgs; wrgsbase %0; swapgs" : : "r"(value) : "memory");
}
static inline void asm_invlpg(uint64_t address) { __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory"); }
static inline void asm_pause(void) { __asm__ volatile("pause"); }
static inline void asm_clac(void) { __asm__ volatile("clac" : : : "memory"); }
static inline void asm_cli(void) { __asm__ volatile("cli" : : : "memory"); }
