/* SPDX-License-Identifier: MIT
 * Screen, ACPI tables and entropy, as far as the firmware has them. */
#include "base/string.h"
#include "loader.h"

void facts_framebuffer(struct boot_info *info)
{
    struct efi_graphics *graphics;
    if (EFI_FAILED(system_table->boot->locate_protocol(&EFI_GRAPHICS, nullptr, (void **)&graphics)) || !graphics->mode)
        return;
    const struct efi_graphics_mode *mode = graphics->mode;
    if (mode->info->pixel_format != EFI_PIXEL_BGRX)
        return;
    info->framebuffer = (struct boot_framebuffer){mode->address, mode->info->width, mode->info->height,
                                                  mode->info->pixels_per_line * 4, 1};
}

static void *configuration_table(const struct efi_guid *guid)
{
    for (uint64_t i = 0; i < system_table->configuration_count; i++)
        if (memcmp(&system_table->configuration[i].guid, guid, sizeof *guid) == 0)
            return system_table->configuration[i].table;
    return nullptr;
}

void facts_acpi(struct boot_info *info)
{
    void *root = configuration_table(&EFI_ACPI_2);
    if (!root)
        root = configuration_table(&EFI_ACPI_1);
    info->acpi_root = (uint64_t)root;
}

/* The kernel adds RDRAND and the time stamp of its own, and `seed=` overrules all. */
void facts_seed(struct boot_info *info)
{
    struct efi_random *random;
    if (!EFI_FAILED(system_table->boot->locate_protocol(&EFI_RANDOM, nullptr, (void **)&random)))
        (void)random->get(random, nullptr, sizeof info->seed, info->seed);
}
