# A guest of a few instructions, for testing the runner before and beside the real kernel.
$(BUILD)/runner-guest.elf: tests/runner/guest.c
	@mkdir -p $(@D) && echo "  guest $<" && $(CC) --target=i386-unknown-none-elf -std=c23 -O1 -Wall -Wextra -Werror -ffreestanding -nostdlib \
	  -mgeneral-regs-only -fno-pic -fuse-ld=lld -static -Wl,-Ttext=0x200000,--build-id=none,-e,entry -o $@ $<
