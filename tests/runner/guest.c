/* SPDX-License-Identifier: MIT
 * The smallest guest that speaks to ./mh as the kernel does, for testing the runner: 32-bit, no stack of its own beyond one page,
 * entered by PVH with the command line. Its first letter says what to do: e exit 3, p panic, l loop until an NMI, o power off at
 * once, c repeat the console. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;

enum { COM1 = 0x3f8, OUT = 0x500, ERR = 0x508, STATUS = 0x520, POWER = 0x604 };

static void port_out(u16 port, u8 value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static u8 port_in(u16 port)
{
    u8 value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static void text(u16 port, const char *s)
{
    while (*s)
        port_out(port, (u8)*s++);
}
[[noreturn]] static void power_off(void)
{
    __asm__ volatile("outw %0, %1" : : "a"((u16)0x2000), "Nd"((u16)POWER));
    for (;;)
        __asm__ volatile("cli; hlt");
}

void on_nmi(void);
void on_nmi(void)
{
    text(COM1, "context 1 loops\n== end of dump ==\n");
    for (;;)
        __asm__ volatile("hlt");
}

struct gate { u16 low, selector, flags, high; };
static struct gate gates[3];
struct [[gnu::packed]] table { u16 limit; u32 base; };

static void catch_nmi(void)
{
    u32 handler = (u32)on_nmi;
    u16 selector;
    __asm__ volatile("mov %%cs, %0" : "=r"(selector));
    gates[2] = (struct gate){(u16)handler, selector, 0x8e00, (u16)(handler >> 16)};
    struct table t = {sizeof gates - 1, (u32)gates};
    __asm__ volatile("lidt %0" : : "m"(t));
}

static void echo_console(void)
{
    text(STATUS, "ready\n");
    for (;;) {
        while (!(port_in(COM1 + 5) & 1))
            ;
        u8 byte = port_in(COM1);
        if (byte == 4)
            break;
        port_out(COM1, byte);
    }
    text(STATUS, "exit 0\n");
}

struct start_info { u32 magic, version, flags, modules, module_list[2], command[2]; };
[[noreturn]] void start(const struct start_info *info);
void start(const struct start_info *info)
{
    const char *command = (const char *)info->command[0];
    text(COM1, "guest: ");
    text(COM1, command);
    text(COM1, "\n");
    catch_nmi();
    switch (command[0]) {
    case 'e':
        text(STATUS, "ready\n");
        text(OUT, "to stdout\n");
        text(ERR, "to stderr\n");
        text(STATUS, "exit 3\n");
        break;
    case 'p':
        text(COM1, "PANIC: as asked\n");
        text(STATUS, "panic\n");
        for (;;)
            __asm__ volatile("cli; hlt");
    case 'l':
        text(STATUS, "ready\n");
        for (;;)
            __asm__ volatile("pause");
    case 'c':
        echo_console();
        break;
    default:
        break;
    }
    power_off();
}

/* PVH: note 18 of "Xen" is the 32-bit entry; ebx points to the start information. */
__asm__(".pushsection .note.pvh, \"a\", @note\n.long 4, 4, 18\n.asciz \"Xen\"\n.long entry\n.popsection\n"
        ".global entry\nentry:\n mov $stack_end, %esp\n push %ebx\n push $0\n jmp start\n"
        ".pushsection .bss\n.balign 16\n.skip 4096\nstack_end:\n.popsection\n");
