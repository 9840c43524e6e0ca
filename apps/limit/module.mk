# SPDX-License-Identifier: MIT
# limit: runs a program in a group of its own, or shows what the present one uses. A Linux program (musl) that makes native calls.
LIMIT_HEADERS := -I. -I$(BUILD)/gen $(call includes,lib/base lib/sys)
$(BUILD)/posix/bin/limit: apps/limit/limit.c lib/sys/arch/x86_64/message.S abi/syscall.def abi/protocol/group.proto | $(GENERATED)
	@mkdir -p $(@D) && echo "  musl $@" && $(CC) --target=x86_64-linux-musl -c $(LIMIT_HEADERS) lib/sys/arch/x86_64/message.S -o $(@D)/limit_message.o && \
	  $(CC) --target=x86_64-linux-musl -nostdlibinc -isystem /usr/include/x86_64-linux-musl -std=c23 -O2 -D_GNU_SOURCE $(LIMIT_HEADERS) \
	  -Wall -Wextra -Werror -Wno-unused-parameter -Wno-gnu-statement-expression -c apps/limit/limit.c -o $(@D)/limit.o && \
	  musl-gcc -static -o $@ $(@D)/limit.o $(@D)/limit_message.o
IMAGE_PROGRAMS += $(BUILD)/posix/bin/limit
