# The UEFI loader: a PE program of its own and the few libraries it shares with the kernel, made for the firmware's ABI.
BOOT_SOURCES := $(wildcard boot/*.c) lib/base/span.c lib/base/fmt.c lib/base/string.c lib/format/boot/ranges.c
BOOT_OBJECTS := $(patsubst %,$(BUILD)/efi/%.obj,$(BOOT_SOURCES))
BOOT_CFLAGS = $(COMMON) --target=x86_64-unknown-windows -ffreestanding -fshort-wchar -mno-red-zone -mno-stack-arg-probe \
  -mgeneral-regs-only -fno-stack-protector $(TRAPS) -Ilib/base/include -Ilib/format/boot/include

all: $(BUILD)/boot/BOOTX64.EFI

$(BOOT_OBJECTS): $(BUILD)/efi/%.obj: % boot/module.mk
	@mkdir -p $(@D) && echo "  cc efi $<" && $(CC) $(BOOT_CFLAGS) -c $< -o $@
$(BUILD)/boot/BOOTX64.EFI: $(BOOT_OBJECTS)
	@mkdir -p $(@D) && echo "  ld $@" && lld-link-19 /nologo /subsystem:efi_application /entry:efi_main /nodefaultlib /out:$@ $^
