/* SPDX-License-Identifier: MIT
 * Reading whole files from the EFI system partition that the loader itself came from. */
#include "base/try.h"
#include "loader.h"

static struct efi_file *root;

enum status volume_open(efi_handle image)
{
    struct efi_boot_services *boot = system_table->boot;
    struct efi_loaded_image *loaded;
    struct efi_file_system *system;
    if (EFI_FAILED(boot->protocol(image, &EFI_LOADED_IMAGE, (void **)&loaded)) ||
        EFI_FAILED(boot->protocol(loaded->device, &EFI_FILE_SYSTEM, (void **)&system)) ||
        EFI_FAILED(system->open_volume(system, &root)))
        return ERR_NO_DEVICE;
    return OK;
}

static enum status read_all(struct efi_file *file, struct view *out)
{
    uint64_t bytes, address;
    if (EFI_FAILED(file->set_position(file, UINT64_MAX)) || EFI_FAILED(file->get_position(file, &bytes)) ||
        EFI_FAILED(file->set_position(file, 0)))
        return ERR_IO;
    TRY(pages_allocate(bytes + 1, EFI_LOADER_DATA, UINT64_MAX, &address));
    for (uint64_t done = 0; done < bytes;) {
        uint64_t part = bytes - done;
        if (EFI_FAILED(file->read(file, &part, (uint8_t *)address + done)))
            return ERR_IO;
        if (part == 0)
            return ERR_TRUNCATED;
        done += part;
    }
    *((uint8_t *)address + bytes) = 0;
    *out = (struct view){(const uint8_t *)address, bytes};
    return OK;
}

enum status file_load(const efi_char *name, struct view *out)
{
    struct efi_file *file;
    if (EFI_FAILED(root->open(root, &file, name, EFI_FILE_READ, 0)))
        return ERR_NOT_FOUND;
    enum status s = read_all(file, out);
    (void)file->close(file);
    return s;
}
