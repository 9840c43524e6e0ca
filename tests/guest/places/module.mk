# SPDX-License-Identifier: MIT
# Measures how random the places of a process's parts are: position-independent, so that its own place is random too.
$(BUILD)/guest/places: tests/guest/places/places.c
	@mkdir -p $(@D) && echo "  musl $<" && $(CC) --target=x86_64-linux-musl -nostdlibinc -isystem /usr/include/x86_64-linux-musl -O1 -fPIE \
	  -D_GNU_SOURCE -c $< -o $@.o && $(LD) -static -pie --no-dynamic-linker -z text -o $@ /usr/lib/x86_64-linux-musl/rcrt1.o \
	  /usr/lib/x86_64-linux-musl/crti.o $@.o /usr/lib/x86_64-linux-musl/libc.a /usr/lib/x86_64-linux-musl/crtn.o
all: $(BUILD)/guest/places
