# SPDX-License-Identifier: MIT
# The Ion shell, hosted: build/host/bin/ion for the tests, under ASan and UBSan; build/posix/bin/ion for the system, with musl.
ION_FOLDERS := apps/ion $(patsubst %/,%,$(filter-out apps/ion/tests/,$(wildcard apps/ion/*/)))
# Lists of words hold literals and scratch copies alike; nobody writes to a word that a list holds.
ION_FLAGS := -Iapps/ion -Wno-write-strings -Wno-null-dereference
$(foreach f,$(ION_FOLDERS),$(eval EXTRA_$(f) := $(ION_FLAGS)))
$(foreach f,$(ION_FOLDERS),$(eval $(call library,$(f),)))
$(BUILD)/host/bin/ion: $(foreach f,$(ION_FOLDERS),$(call objects,$(f),host))
	@mkdir -p $(@D) && echo "  ld $@" && $(CC) -fsanitize=address,undefined -o $@ $^ -lm
ION_MUSL := $(foreach f,$(ION_FOLDERS),$(patsubst %.c,$(BUILD)/posix/%.o,$(call sources,$(f))))
$(BUILD)/posix/apps/ion/%.o: apps/ion/%.c
	@mkdir -p $(@D) && echo "  cc musl $<" && $(CC) --target=x86_64-linux-musl -nostdlibinc -isystem /usr/include/x86_64-linux-musl \
	  -std=c23 -O2 -g -D_GNU_SOURCE -Iapps/ion -MMD -MP -c $< -o $@
$(BUILD)/posix/bin/ion: $(ION_MUSL)
	@mkdir -p $(@D) && echo "  ld $@" && musl-gcc -static -o $@ $^ -lm
# What the image has: without what only a debugger reads.
$(BUILD)/posix/bin/ion.small: $(BUILD)/posix/bin/ion
	@llvm-strip-19 -o $@ $<
IMAGE_PROGRAMS += $(BUILD)/posix/bin/ion.small
# The editor is tested and fuzzed without the shell around it.
USES_apps/ion/edit := apps/ion/edit apps/ion/value
$(BUILD)/host/apps/ion/edit/%_test.c.o: CFLAGS_host += -Iapps/ion
$(eval $(call host_test,apps/ion/edit,apps/ion/value))
# Parser, expressions and whole programs are fuzzed with all of it.
$(foreach f,language run value,$(eval USES_apps/ion/$(f) := $(ION_FOLDERS)))
