# SPDX-License-Identifier: MIT
# The build underneath ./mh. Each folder with a module.mk says in one line what it is; this file knows how to make it.
# Everything lands in build/: build/kernel, build/user, build/host (objects by flavour), build/gen (generated), build/bin (programs).
#
#   $(call library,FOLDER,USES)        made on demand in each flavour that something needs
#   $(call program,FOLDER,USES)        a native program of the system: build/bin/NAME (static-pie, general registers only)
#   $(call host_tool,FOLDER,USES)      a build-machine program: build/host/bin/NAME
#   $(call host_test,FOLDER,USES)      FOLDER's *_test.c as one program under ASan and UBSan: build/host/test/NAME
# USES names modules (folders); their include/ is then on the path, and their library is linked. abi/ is always visible.
# LIBS_FOLDER := what programs of the build machine that use the folder link besides.
# Sources are the folder's *.c and *.S and those of its direct arch/x86_64; *_test.c and *_fuzz.c are left out.

MAKEFLAGS += --no-builtin-rules --no-builtin-variables -j$(shell nproc) --output-sync=none
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDEXPANSION:
BUILD := build
comma := ,
CC := clang-19
LD := ld.lld-19
AR := llvm-ar-19
OBJCOPY := llvm-objcopy-19

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wcast-align -Wpointer-arith \
  -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough \
  -Wwrite-strings -Wnull-dereference -Wno-gnu-statement-expression -Wno-unused-command-line-argument
MH_DEBUG := $(MH_DEBUG)$(MH_CHECK)
COMMON := -std=c23 -g -O2 $(WARNINGS) -I. -I$(BUILD)/gen -MMD -MP -fno-strict-aliasing -fno-common \
  -fno-delete-null-pointer-checks -ftrivial-auto-var-init=zero -fvisibility=hidden
FREESTANDING := -ffreestanding -nostdlib -mno-red-zone -mgeneral-regs-only
# Null pointers fault by themselves: page 0 is never mapped anywhere. Pointers that wrap fault too, or are caught where their
# offset is checked. The debug flavour (MH_DEBUG=1) tests both in code as well, at a third more instructions.
TRAPS := -fsanitize=undefined -fsanitize-trap=undefined -fno-sanitize=function,alignment$(if $(MH_DEBUG),,$(comma)null$(comma)pointer-overflow$(comma)bool)
CFLAGS_kernel = $(COMMON) $(FREESTANDING) $(TRAPS) -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
  -Wframe-larger-than=1536 $(KERNEL_EXTRA)
CFLAGS_user = $(COMMON) --target=x86_64-unknown-none-elf $(FREESTANDING) $(TRAPS) -fpie -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -Wframe-larger-than=8192
CFLAGS_host = $(COMMON) -D_GNU_SOURCE -DMH_HOST -fsanitize=address,undefined -fno-sanitize=function -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_fuzz = $(CFLAGS_host) -fsanitize=fuzzer-no-link
CFLAGS_hosttool = $(COMMON) -D_GNU_SOURCE -DMH_HOST

.PHONY: all
all:

sources = $(filter-out %_test.c %_fuzz.c,$(wildcard $(1)/*.c $(1)/*.S $(1)/arch/x86_64/*.c $(1)/arch/x86_64/*.S))
includes = $(foreach m,$(1),-I$(m)/include)
objects = $(patsubst %,$(BUILD)/$(2)/%.o,$(call sources,$(1)))
library_file = $(BUILD)/$(2)/$(1)/lib.a
name = $(notdir $(1))
foreign_libraries = $(foreach m,$(1),$(LIBS_$(m)))

# $(call library,FOLDER,USES)
define library
USES_$(1) := $(1) $(2)
$(foreach f,kernel user host hosttool fuzz,$(eval $(call library_flavour,$(1),$(2),$(f))))
endef
define library_flavour
$(BUILD)/$(3)/$(1)/%.c.o: $(1)/%.c | $$(if $$(filter hosttool,$(3)),,$$(GENERATED))
	@mkdir -p $$(@D) && echo "  cc $(3) $$<" && $(CC) $$(CFLAGS_$(3)) $$(EXTRA_$(1)) $$(call includes,$(1) $(2)) -c $$< -o $$@
$(BUILD)/$(3)/$(1)/%.S.o: $(1)/%.S | $$(if $$(filter hosttool,$(3)),,$$(GENERATED))
	@mkdir -p $$(@D) && echo "  as $(3) $$<" && $(CC) $$(filter-out -std=c23,$$(CFLAGS_$(3))) $$(call includes,$(1) $(2)) -c $$< -o $$@
$(call library_file,$(1),$(3)): $(call objects,$(1),$(3))
	@mkdir -p $$(@D) && rm -f $$@ && $(AR) rcs $$@ $$^
endef

# $(call program,FOLDER,USES)
define program
$(eval $(call library,$(1),$(2)))
all: $(BUILD)/bin/$(call name,$(1))
PROGRAMS += $(BUILD)/bin/$(call name,$(1))
$(BUILD)/bin/$(call name,$(1)): $(call objects,$(1),user) $(foreach m,$(2),$(call library_file,$(m),user)) lib/sys/program.ld
	@mkdir -p $$(@D) && echo "  ld $$@" && $(LD) -static -pie --no-dynamic-linker -z noexecstack -z separate-code -z max-page-size=4096 \
	  --gc-sections -T lib/sys/program.ld -o $$@ --start-group $$(filter %.o %.a,$$^) --end-group
endef

# $(call host_tool,FOLDER,USES)
define host_tool
$(eval $(call library,$(1),$(2)))
$(BUILD)/host/bin/$(call name,$(1)): $(call objects,$(1),hosttool) $(foreach m,$(2),$(call library_file,$(m),hosttool))
	@mkdir -p $$(@D) && echo "  ld $$@" && $(CC) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(call foreign_libraries,$(1) $(2))
endef

# $(call host_test,FOLDER,USES): all *_test.c of the folder, linked with tests/unit's main
define host_test
$(if $(USES_$(1)),,$(eval $(call library,$(1),$(2))))
$(BUILD)/host/$(1)/%_test.c.o: $(1)/%_test.c | $$(GENERATED)
	@mkdir -p $$(@D) && echo "  cc host $$<" && $(CC) $$(CFLAGS_host) -I$(1) $$(call includes,$(1) $(2) lib/base tests/unit) -c $$< -o $$@
all-tests: $(BUILD)/host/test/$(subst /,-,$(1))
HOST_TESTS += $(BUILD)/host/test/$(subst /,-,$(1))
$(BUILD)/host/test/$(subst /,-,$(1)): $(patsubst %,$(BUILD)/host/%.o,$(wildcard $(1)/*_test.c)) $(foreach m,tests/unit $(sort $(1) $(2) lib/base),$(call library_file,$(m),host))
	@mkdir -p $$(@D) && echo "  ld $$@" && $(CC) -fsanitize=address,undefined -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(call foreign_libraries,$(1) $(2))
endef

# Fuzzing: FOLDER/NAME_fuzz.c has LLVMFuzzerTestOneInput; build/fuzz/bin/NAME runs it against the folder's code and what it uses.
FUZZ_SOURCES := $(shell find lib posix servers fs drivers tools apps -name '*_fuzz.c' 2>/dev/null)
FUZZERS := $(foreach f,$(FUZZ_SOURCES),$(BUILD)/fuzz/bin/$(basename $(notdir $(f))))
# $(call fuzzer,SOURCE,FOLDER)
define fuzzer
$(BUILD)/fuzz/bin/$(basename $(notdir $(1))): $(BUILD)/fuzz/$(1).o $(foreach m,$(sort $(USES_$(2)) lib/base),$(call library_file,$(m),fuzz))
	@mkdir -p $$(@D) && echo "  ld $$@" && $(CC) -fsanitize=fuzzer,address,undefined -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group
endef

# Protocols: each .proto becomes NAME_abi.h (numbers), NAME.h (client), NAME_server.h; all together names.h
PROTOCOLS := $(sort $(wildcard abi/protocol/*.proto))
GENERATED := $(patsubst abi/protocol/%.proto,$(BUILD)/gen/protocol/%.h,$(PROTOCOLS)) $(BUILD)/gen/protocol/names.h
.SECONDARY: $(GENERATED)
PROTOGEN := $(BUILD)/host/bin/protogen
$(BUILD)/gen/protocol/%.h $(BUILD)/gen/protocol/%_abi.h $(BUILD)/gen/protocol/%_server.h: abi/protocol/%.proto $(PROTOGEN)
	@mkdir -p $(@D) && echo "  protogen $<" && $(PROTOGEN) $< $(BUILD)/gen
$(BUILD)/gen/protocol/names.h: $(PROTOCOLS) $(PROTOGEN)
	@mkdir -p $(@D) && $(PROTOGEN) --names $(BUILD)/gen $(PROTOCOLS)

MODULES := $(sort $(shell find . -name module.mk -not -path './build/*'))
include ./ports/module.mk $(filter-out ./ports/module.mk,$(MODULES)) # first what can be had of foreign sources
$(foreach f,$(FUZZ_SOURCES),$(eval $(call fuzzer,$(f),$(patsubst %/,%,$(dir $(f))))))
.PHONY: fuzzers
fuzzers: $(FUZZERS)
-include $(shell find $(BUILD) -path $(BUILD)/ports -prune -o -type f -name '*.d' -print 2>/dev/null)

# For scripts: what a variable holds.
print-%:
	@echo '$($*)'

.PHONY: all-tests clean
clean:
	rm -rf $(BUILD)

# The book's pages on protocols.
.PHONY: docs
docs: $(patsubst abi/protocol/%.proto,$(BUILD)/docs/protocol/%.md,$(PROTOCOLS))
$(BUILD)/docs/protocol/%.md: abi/protocol/%.proto $(PROTOGEN)
	@mkdir -p $(@D) && $(PROTOGEN) --page $< >$@
