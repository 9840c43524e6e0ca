# SPDX-License-Identifier: MIT
# The Ion shell, hosted: build/host/bin/ion for the tests, under ASan and UBSan; build/posix/bin/ion for the system, with musl.
# Lists of words hold literals and scratch copies alike; nobody writes to a word that a list holds.
EXTRA_apps/ion := -Wno-write-strings -Wno-null-dereference
$(eval $(call library,apps/ion,))
$(BUILD)/host/bin/ion: $(call objects,apps/ion,host)
	@mkdir -p $(@D) && echo "  ld $@" && $(CC) -fsanitize=address,undefined -o $@ $^ -lm
$(BUILD)/posix/bin/ion: $(wildcard apps/ion/*.c apps/ion/*.h)
	@mkdir -p $(@D) && echo "  musl-gcc $@" && musl-gcc -static -std=c23 -O2 -g -D_GNU_SOURCE -o $@ $(filter %.c,$^) -lm
