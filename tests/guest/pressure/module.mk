# SPDX-License-Identifier: MIT
# A Linux program that also speaks the native interface: allocations that fail, random calls, many processes, mixed load.
PRESSURE := $(patsubst tests/guest/pressure/%,$(BUILD)/guest/objects/pressure/%.o,$(call sources,tests/guest/pressure))
$(BUILD)/guest/objects/pressure/%.o: tests/guest/pressure/% tests/guest/pressure/pressure.h $(wildcard abi/*)
	@mkdir -p $(@D) && echo "  cc musl $<" && $(CC) --target=x86_64-linux-musl -nostdlibinc -isystem /usr/include/x86_64-linux-musl \
	  $(if $(filter %.c,$<),-std=c23) -O1 -g -Wall -Wextra -Werror -D_GNU_SOURCE -mno-red-zone -I. -Ilib/sys/include -Ilib/base/include -c $< -o $@
$(BUILD)/guest/pressure: $(PRESSURE)
	@mkdir -p $(@D) && echo "  ld $@" && musl-gcc -static -o $@ $^
all: $(BUILD)/guest/pressure
