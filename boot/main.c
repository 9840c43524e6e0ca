/* SPDX-License-Identifier: MIT
 * The UEFI loader: \kernel.elf, \initfs.img and \cmdline.txt from its own volume into memory, what the firmware knows into a
 * struct boot_info, and into the kernel. The kernel relocates itself and chooses its random address (kernel/arch/x86_64/early.c), the
 * same way as when an emulator starts it without firmware. */
#include "base/string.h"
#include "base/try.h"
#include "loader.h"

struct efi_system_table *system_table;
efi_status efi_main(efi_handle image, struct efi_system_table *table);

typedef void __attribute__((sysv_abi)) kernel_start(struct boot_info *info);

static enum status load_file(const efi_char *name, const char *shown, struct view *out)
{
    enum status s = file_load(name, out);
    if (s != OK)
        say("\\%s: cannot be read (status %d)", shown, s);
    else
        say("\\%s: %llu KiB", shown, (unsigned long long)(out->length + 1023) / 1024);
    return s;
}

static void take_command(struct boot_info *info)
{
    struct view command;
    if (file_load(u"\\cmdline.txt", &command) != OK)
        return;
    size_t length = MIN(command.length, (size_t)BOOT_COMMAND_BYTES - 1);
    while (length && (command.data[length - 1] == '\n' || command.data[length - 1] == '\r'))
        length--;
    memcpy(info->command, command.data, length);
    info->command_bytes = (uint32_t)length;
}

static enum status load_all(struct boot_info *info, struct kernel_image *out_kernel)
{
    struct view file, initfs;
    TRY(load_file(u"\\kernel.elf", "kernel.elf", &file));
    enum status s = kernel_image_load(file, out_kernel);
    if (s != OK) {
        say("\\kernel.elf: not a kernel of ours (status %d)", s);
        return s;
    }
    TRY(load_file(u"\\initfs.img", "initfs.img", &initfs));
    info->kernel_physical = out_kernel->physical;
    info->kernel_bytes = out_kernel->bytes;
    info->initfs_physical = (uint64_t)initfs.data;
    info->initfs_bytes = initfs.length;
    take_command(info);
    return OK;
}

efi_status efi_main(efi_handle image, struct efi_system_table *table)
{
    static struct boot_info info = {.magic = BOOT_MAGIC, .version = BOOT_VERSION, .path = BOOT_UEFI};
    struct kernel_image kernel;
    system_table = table;
    info.tsc_at_entry = __builtin_ia32_rdtsc();
    (void)table->boot->set_watchdog(0, 0, 0, nullptr);
    enum status s = volume_open(image);
    if (s != OK)
        say("the volume that the loader came from cannot be read");
    if (s == OK)
        s = load_all(&info, &kernel);
    if (s != OK) {
        (void)table->boot->stall(3000000); /* time to read what was said */
        return 1ull << 63 | 1;
    }
    facts_framebuffer(&info);
    facts_acpi(&info);
    facts_seed(&info);
    say("entering the kernel");
    if (leave_firmware(image, &info) != OK)
        __builtin_trap(); /* half out of the firmware there is nobody left to tell */
    ((kernel_start *)kernel.entry)(&info);
    __builtin_unreachable();
}
