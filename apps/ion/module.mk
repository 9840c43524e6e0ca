# SPDX-License-Identifier: MIT
# The Ion shell, hosted: build/host/bin/ion for the tests, under ASan and UBSan; build/posix/bin/ion for the system, with musl.
# Lists of words hold literals and scratch copies alike; nobody writes to a word that a list holds.
EXTRA_apps/ion := -Wno-write-strings -Wno-null-dereference
$(eval $(call library,apps/ion,))
$(BUILD)/host/bin/ion: $(call objects,apps/ion,host)
	@mkdir -p $(@D) && echo "  ld $@" && $(CC) -fsanitize=address,undefined -o $@ $^ -lm
ION_MUSL := $(patsubst apps/ion/%.c,$(BUILD)/posix/apps/ion/%.o,$(call sources,apps/ion))
$(BUILD)/posix/apps/ion/%.o: apps/ion/%.c $(wildcard apps/ion/*.h)
	@mkdir -p $(@D) && echo "  cc musl $<" && $(CC) --target=x86_64-linux-musl -nostdlibinc -isystem /usr/include/x86_64-linux-musl \
	  -std=c23 -O2 -g -D_GNU_SOURCE -c $< -o $@
$(BUILD)/posix/bin/ion: $(ION_MUSL)
	@mkdir -p $(@D) && echo "  ld $@" && musl-gcc -static -o $@ $^ -lm
