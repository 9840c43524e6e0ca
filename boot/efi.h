/* SPDX-License-Identifier: MIT
 * The part of UEFI (specification 2.10) that the loader uses, in the order of its tables: chapter 4 (system table), 7 (boot services),
 * 9 (loaded image), 12 (text, graphics), 13 (files), 37 (random numbers). Members that are not used are plain pointers. */
#pragma once
#include <stdint.h>

typedef uint64_t efi_status;            /* the top bit: an error */
typedef void *efi_handle;
typedef uint16_t efi_char;
#define EFI_OK 0ull
#define EFI_FAILED(status) ((int64_t)(status) < 0)
#define EFI_BUFFER_TOO_SMALL (1ull << 63 | 5)

struct efi_guid { uint32_t a; uint16_t b, c; uint8_t d[8]; };
#define EFI_LOADED_IMAGE ((struct efi_guid){0x5b1b31a1, 0x9562, 0x11d2, {0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}})
#define EFI_FILE_SYSTEM ((struct efi_guid){0x964e5b22, 0x6459, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}})
#define EFI_GRAPHICS ((struct efi_guid){0x9042a9de, 0x23dc, 0x4a38, {0x96, 0xfb, 0x7a, 0xde, 0xd0, 0x80, 0x51, 0x6a}})
#define EFI_RANDOM ((struct efi_guid){0x3152bca5, 0xeade, 0x433d, {0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44}})
#define EFI_ACPI_2 ((struct efi_guid){0x8868e871, 0xe4f1, 0x11d3, {0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81}})
#define EFI_ACPI_1 ((struct efi_guid){0xeb9d2d30, 0x2d88, 0x11d3, {0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d}})

struct efi_table_header { uint64_t signature; uint32_t revision, header_bytes, crc, reserved; };

enum efi_memory_type : uint32_t {
    EFI_RESERVED, EFI_LOADER_CODE, EFI_LOADER_DATA, EFI_BOOT_CODE, EFI_BOOT_DATA, EFI_RUNTIME_CODE, EFI_RUNTIME_DATA,
    EFI_CONVENTIONAL, EFI_UNUSABLE, EFI_ACPI_RECLAIM, EFI_ACPI_KEEP,
};
enum efi_allocate : uint32_t { EFI_ALLOCATE_ANY, EFI_ALLOCATE_BELOW };
struct efi_memory_descriptor { uint32_t type, padding; uint64_t physical, virtual, pages, attributes; };

struct efi_text_output {
    void *reset;
    efi_status (*print)(struct efi_text_output *, const efi_char *text);
};

struct efi_file {
    uint64_t revision;
    efi_status (*open)(struct efi_file *, struct efi_file **out, const efi_char *name, uint64_t mode, uint64_t attributes);
    efi_status (*close)(struct efi_file *);
    void *remove;
    efi_status (*read)(struct efi_file *, uint64_t *bytes, void *to);
    void *write;
    efi_status (*get_position)(struct efi_file *, uint64_t *out);
    efi_status (*set_position)(struct efi_file *, uint64_t);
};
#define EFI_FILE_READ 1ull
struct efi_file_system {
    uint64_t revision;
    efi_status (*open_volume)(struct efi_file_system *, struct efi_file **out);
};

struct efi_loaded_image {
    uint32_t revision;
    efi_handle parent;
    void *system_table;
    efi_handle device;
};

struct efi_graphics_info {
    uint32_t version, width, height, pixel_format; /* 1: blue, green, red, unused */
    uint32_t masks[4], pixels_per_line;
};
#define EFI_PIXEL_BGRX 1u
struct efi_graphics_mode {
    uint32_t count, mode;
    struct efi_graphics_info *info;
    uint64_t info_bytes, address, bytes;
};
struct efi_graphics {
    void *query_mode, *set_mode, *blt;
    struct efi_graphics_mode *mode;
};

struct efi_random {
    void *info;
    efi_status (*get)(struct efi_random *, const struct efi_guid *algorithm, uint64_t bytes, void *out);
};

struct efi_boot_services {
    struct efi_table_header header;
    void *raise_priority, *restore_priority;
    efi_status (*allocate_pages)(enum efi_allocate, enum efi_memory_type, uint64_t pages, uint64_t *address);
    void *free_pages;
    efi_status (*memory_map)(uint64_t *bytes, void *map, uint64_t *key, uint64_t *descriptor_bytes, uint32_t *version);
    void *allocate_pool, *free_pool;
    void *create_event, *set_timer, *wait_for_event, *signal_event, *close_event, *check_event;
    void *install_protocol, *reinstall_protocol, *uninstall_protocol;
    efi_status (*protocol)(efi_handle, const struct efi_guid *, void **out);
    void *reserved, *register_notify, *locate_handle, *locate_device_path, *install_table;
    void *load_image, *start_image, *exit, *unload_image;
    efi_status (*exit_boot_services)(efi_handle image, uint64_t map_key);
    void *next_count;
    efi_status (*stall)(uint64_t microseconds);
    efi_status (*set_watchdog)(uint64_t seconds, uint64_t code, uint64_t bytes, const efi_char *data);
    void *connect, *disconnect, *open_protocol, *close_protocol, *protocol_information, *protocols_per_handle, *handle_buffer;
    efi_status (*locate_protocol)(const struct efi_guid *, void *registration, void **out);
};

struct efi_configuration { struct efi_guid guid; void *table; };
struct efi_system_table {
    struct efi_table_header header;
    const efi_char *vendor;
    uint32_t vendor_revision;
    efi_handle input_handle;
    void *input;
    efi_handle output_handle;
    struct efi_text_output *output;
    efi_handle error_handle;
    struct efi_text_output *error;
    void *runtime;
    struct efi_boot_services *boot;
    uint64_t configuration_count;
    struct efi_configuration *configuration;
};
