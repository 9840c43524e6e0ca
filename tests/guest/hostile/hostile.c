/* SPDX-License-Identifier: MIT
 * A program that means harm: each attack runs in a child of its own, which must end (by a signal or not) without the kernel noticing more
 * than that. `hostile cpu`: instructions and register states that a kernel's entry code could trip over. `hostile calls SEED COUNT`:
 * random native system calls with random and nearly right arguments. Prints `ok NAME` and `not ok NAME: why`. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_CANONICAL 0x1234800000000000ul
#define KERNEL_ADDRESS 0xffffffff80200000ul

static void no_canonical_jump(void) { __asm__ volatile("jmp *%0" : : "r"(NOT_CANONICAL)); }
static void kernel_jump(void) { __asm__ volatile("jmp *%0" : : "r"(KERNEL_ADDRESS)); }
static void kernel_read(void) { (void)*(volatile char *)KERNEL_ADDRESS; }
static void kernel_write(void) { *(volatile char *)KERNEL_ADDRESS = 1; }
static void direct_map_read(void) { (void)*(volatile char *)0xffff800000001000ul; }
static void old_system_call(void) { __asm__ volatile("int $0x80" : : "a"(20)); }
static void sysenter(void) { __asm__ volatile("sysenter"); }
static void timer_vector(void) { __asm__ volatile("int $0xf0"); }
static void nmi_vector(void) { __asm__ volatile("int $2"); }
static void double_fault_vector(void) { __asm__ volatile("int $8"); }
static void page_fault_vector(void) { __asm__ volatile("int $14"); }
static void breakpoint(void) { __asm__ volatile("int3"); }
static void privileged_halt(void) { __asm__ volatile("hlt"); }
static void privileged_cli(void) { __asm__ volatile("cli"); }
static void privileged_port(void) { __asm__ volatile("outb %%al, $0x20" : : "a"(0)); }
static void privileged_register(void) { __asm__ volatile("mov %%cr3, %%rax" : : : "rax"); }
static void privileged_msr(void) { __asm__ volatile("wrmsr" : : "a"(0), "d"(0), "c"(0xc0000101)); }
static void swap_gs(void) { __asm__ volatile("swapgs"); }
static void system_return(void) { __asm__ volatile("sysretq"); }
static void far_jump(void)
{
    struct { uint64_t offset; uint16_t selector; } __attribute__((packed)) to = {KERNEL_ADDRESS, 8};
    __asm__ volatile("rex.W ljmp *%0" : : "m"(to));
}
static void load_kernel_segment(void) { __asm__ volatile("mov %0, %%ss" : : "r"(0x10)); }
static void load_null_segments(void)
{
    __asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%fs; mov %0, %%gs" : : "r"(0));
    getppid();
    _exit(0);
}
static void iret_to_kernel(void)
{
    __asm__ volatile("pushq $0x10; pushq $0; pushq $0x3202; pushq $8; pushq %0; iretq" : : "r"(KERNEL_ADDRESS));
}
static void iret_not_canonical(void)
{
    __asm__ volatile("pushq $0x1b; pushq %%rsp; pushq $0x202; pushq $0x23; pushq %0; iretq" : : "r"(NOT_CANONICAL));
}
static void iret_all_flags(void)
{
    __asm__ volatile("movq %%rsp, %%rax; pushq $0x1b; pushq %%rax; pushq $0x7fffff; pushq $0x23; leaq 1f(%%rip), %%rax; pushq %%rax; iretq; 1: nop; nop"
                     : : : "rax", "memory");
}
static void kernel_bases(void)
{
    /* A program may set its bases to anything canonical. The kernel must find its own all the same. */
    __asm__ volatile("wrgsbase %0" : : "r"(0xffff800000000000ul));
    for (int i = 0; i < 1000; i++)
        __asm__ volatile("syscall" : : "a"(110) : "rcx", "r11", "memory");
    for (volatile long i = 0; i < 30000000; i++) /* long enough for timer interrupts */
        continue;
    _exit(0);
}
static void all_flags(void)
{
    /* AC, DF, NT and TF on at a system call. */
    __asm__ volatile("pushfq; orq $0x44400, (%%rsp); popfq; mov $110, %%eax; syscall; mov $0x1098, %%eax; syscall; pushfq; andq $~0x44400, (%%rsp); popfq"
                     : : : "rax", "rcx", "r11", "memory");
    __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; mov $110, %%eax; syscall; nop" : : : "rax", "rcx", "r11", "memory");
    _exit(0);
}
static void no_stack(void)
{
    __asm__ volatile("xorl %%esp, %%esp; mov $110, %%eax; syscall; mov $0x1004, %%eax; syscall; pushq %%rax" : : : "rax", "rcx", "r11", "memory");
}
static void kernel_stack_pointer(void)
{
    __asm__ volatile("movq %0, %%rsp; mov $110, %%eax; syscall; mov $0x1004, %%eax; syscall; pushq %%rax" : : "r"(KERNEL_ADDRESS) : "rax", "rcx", "r11", "memory");
}
static void last_byte(void)
{
    /* syscall as the last two bytes of user space: the return address is the first one that is not canonical. */
    uint8_t *page = mmap((void *)0x7fffffffe000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (page == MAP_FAILED)
        _exit(0);
    memcpy(page + 4094, "\x0f\x05", 2);
    if (mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0)
        __asm__ volatile("jmp *%0" : : "r"(page + 4094), "a"(0x1098) : "rcx", "r11");
    _exit(0);
}
static void stack_of_death(void)
{
    /* A signal handler's stack that cannot be written, again and again. */
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(SIGSEGV, &action, NULL);
    __asm__ volatile("movq $8, %%rsp; ud2" : : : "memory");
}
static void vector_state(void)
{
    /* A control word that XRSTOR would refuse, through signal return: the frame is ours to write. */
    uint32_t control = 0xffffffff;
    __asm__ volatile("ldmxcsr %0" : : "m"(control));
}

static const struct { const char *name; void (*attack)(void); } attacks[] = {
    {"a jump to an address that is not canonical", no_canonical_jump}, {"a jump into the kernel", kernel_jump},
    {"a read of the kernel", kernel_read}, {"a write to the kernel", kernel_write}, {"a read of the direct map", direct_map_read},
    {"int 0x80", old_system_call}, {"sysenter", sysenter}, {"int to the timer's vector", timer_vector}, {"int 2", nmi_vector},
    {"int 8", double_fault_vector}, {"int 14", page_fault_vector}, {"int3", breakpoint}, {"hlt", privileged_halt},
    {"cli", privileged_cli}, {"a port", privileged_port}, {"a control register", privileged_register},
    {"a model-specific register", privileged_msr}, {"swapgs", swap_gs}, {"sysret", system_return}, {"a far jump to kernel code", far_jump},
    {"the kernel's stack segment", load_kernel_segment}, {"null segments", load_null_segments}, {"iret to the kernel", iret_to_kernel},
    {"iret to an address that is not canonical", iret_not_canonical}, {"iret with every flag", iret_all_flags},
    {"the GS base of a kernel", kernel_bases}, {"system calls with every flag", all_flags}, {"system calls without a stack", no_stack},
    {"system calls on the kernel's addresses", kernel_stack_pointer}, {"a system call at the end of user space", last_byte},
    {"an exception without a stack", stack_of_death}, {"a bad vector control word", vector_state},
};

static int wait_for(pid_t child, int milliseconds)
{
    for (int waited = 0; waited <= milliseconds; waited += 10) {
        int status;
        if (waitpid(child, &status, WNOHANG) == child)
            return 1;
        usleep(10000);
    }
    return 0;
}

/* Half a second for the attack; whoever still runs then must be killable, whatever it has done to itself. */
static void report(const char *name, pid_t child)
{
    int over = child > 0 && wait_for(child, 500);
    if (child > 0 && !over) {
        kill(child, SIGKILL);
        over = wait_for(child, 5000);
    }
    if (over)
        printf("ok %s\n", name);
    else
        printf("not ok %s: %s\n", name, child < 0 ? "no child" : "cannot be killed");
    fflush(stdout);
}

static void attack_cpu(void)
{
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        pid_t child = fork();
        if (child == 0) {
            attacks[i].attack();
            _exit(0);
        }
        report(attacks[i].name, child);
    }
}

static uint64_t random_state;
static uint64_t next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

static uint8_t scratch[65536] __attribute__((aligned(4096)));

/* Values that come near to something: small numbers, handles, our own memory, edges. */
static uint64_t argument(void)
{
    static const uint64_t edges[] = {0, 1, 2, 3, 8, 64, 4095, 4096, 4097, 65536, 1ul << 30, (1ul << 30) + 1, 1ul << 31, 1ul << 32, 1ul << 47,
                                     0x7fffffffefff, 0x7ffffffff000, 0x7fffffffffff, 0x800000000000, 0xffff800000000000,
                                     0xffffffff80000000, ~0ul, ~1ul, ~2ul, ~3ul, 1ul << 63, 1ul << 60, 2ul << 60};
    switch (next() % 6) {
    case 0: return next();
    case 1: return next() % 64;
    case 2: return (1ul << 30) + next() % 16;
    case 3: return (uint64_t)scratch + next() % sizeof scratch;
    case 4: return ((uint64_t)scratch + next() % sizeof scratch) & ~4095ul;
    default: return edges[next() % (sizeof edges / sizeof edges[0])];
    }
}

/* Calls that end or stop the caller for good are left out, or the rest would never run. */
static int is_left_out(uint64_t number)
{
    static const uint16_t out[] = {0x1003, 0x1004, 0x1041, 0x1042, 0x1043, 0x1044, 0x1045, 0x1046, 0x1047, 0x1048, 0x1049, 0x1062, 0x1000, 0x100e,
                                   0x1070, 0x1071, 0x1076, 0x1077};
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++)
        if (out[i] == number)
            return 1;
    return 0;
}

static void random_calls(uint64_t seed, int count)
{
    random_state = seed * 0x9e3779b97f4a7c15 + 1;
    for (int i = 0; i < count; i++) {
        uint64_t number = 0x1000 + next() % 0x7a;
        if (is_left_out(number))
            continue;
        register uint64_t r10 __asm__("r10") = argument();
        register uint64_t r8 __asm__("r8") = argument();
        register uint64_t r9 __asm__("r9") = argument();
        uint64_t rax = number, rdi = argument(), rsi = argument(), rdx = argument(), rbx = argument();
        register uint64_t r12 __asm__("r12") = argument();
        register uint64_t r13 __asm__("r13") = argument();
        register uint64_t r14 __asm__("r14") = argument();
        register uint64_t r15 __asm__("r15") = argument();
        __asm__ volatile("syscall"
                         : "+a"(rax), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+b"(rbx), "+r"(r10), "+r"(r8), "+r"(r9), "+r"(r12), "+r"(r13),
                           "+r"(r14), "+r"(r15)
                         :
                         : "rcx", "r11", "memory");
    }
    _exit(0);
}

int main(int count, char **arguments)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (count == 2 && strcmp(arguments[1], "cpu") == 0) {
        attack_cpu();
    } else if (count == 4 && strcmp(arguments[1], "calls") == 0) {
        uint64_t seed = strtoul(arguments[2], NULL, 0);
        for (int i = 0; i < atoi(arguments[3]); i++) {
            char name[64];
            pid_t child = fork();
            if (child == 0)
                random_calls(seed + (uint64_t)i, 2000);
            snprintf(name, sizeof name, "random calls of seed %lu", seed + (uint64_t)i);
            report(name, child);
        }
    } else {
        fprintf(stderr, "hostile cpu | hostile calls SEED COUNT\n");
        return 2;
    }
    puts("ok the system goes on");
    return 0;
}
