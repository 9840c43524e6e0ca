# The kernel: every source file under kernel/, linked twice, the second time with the table of its own symbols.
KERNEL_USES := lib/base lib/format/boot lib/format/acpi lib/format/elf lib/format/initfs
# Of the flavours below the sources that the shipping build does not compile.
KERNEL_FLAVOURS := kernel/core/lock_rank.c kernel/core/count.c kernel/mm/shadow.c kernel/mm/shortage.c
KERNEL_SOURCES := $(filter-out %_test.c %_fuzz.c $(KERNEL_FLAVOURS),$(sort $(shell find kernel -name '*.c' -o -name '*.S'))) \
  $(if $(MH_DEBUG),kernel/core/lock_rank.c) $(if $(MH_COUNT),kernel/core/count.c) $(if $(MH_CHECK),kernel/mm/shadow.c kernel/mm/shortage.c)
KERNEL_OBJECTS := $(patsubst %,$(BUILD)/kernel/%.o,$(KERNEL_SOURCES))
KERNEL_LIBRARIES := $(foreach m,$(KERNEL_USES),$(call library_file,$(m),kernel))
KERNEL_INCLUDES := -Ikernel/arch/include $(foreach m,$(KERNEL_USES),-I$(m)/include)

# The Linux triple only because clang knows a stack protector that reads its canary through GS for that one alone.
# All references are PC-relative, so that the image runs at any address once .rela.dyn has been applied (arch/x86_64/early.c).
KERNEL_EXTRA += --target=x86_64-unknown-linux-gnu -fpie -fdirect-access-external-data -fsanitize=kcfi \
  -fstack-protector-strong -mstack-protector-guard=tls -mstack-protector-guard-reg=gs -mstack-protector-guard-offset=56
# make BUILD=build/debug MH_DEBUG=1 build/debug/kernel.elf: with the lock-rank checker and DEBUG_ASSERT.
KERNEL_EXTRA += $(if $(MH_DEBUG),-DMH_DEBUG)
# make BUILD=build/count MH_COUNT=1 build/count/kernel.elf: counts what CPUs share and how long interrupts are kept out (kernel/core/count.h).
KERNEL_EXTRA += $(if $(MH_COUNT),-DMH_COUNT)
# make BUILD=build/check MH_CHECK=1 build/check/kernel.elf: that, and every access to RAM is checked (kernel/mm/shadow.h) and allocations
# can be made to fail (kernel/mm/shortage.h). Accesses are checked by calls, so the shadow may lie anywhere. Left out: who makes the
# memory that is checked, what runs before relocation, and entry code that runs on any stack.
KERNEL_UNCHECKED := kernel/mm/shadow.c kernel/mm/heap.c $(addprefix kernel/arch/x86_64/,early.c pvh.c multiboot2.c serial.c)
KERNEL_EXTRA += $(if $(MH_CHECK),-DMH_CHECK -fsanitize=kernel-address -mllvm -asan-instrumentation-with-call-threshold=0 -mllvm -asan-stack=0 \
  -mllvm -asan-globals=0 -mllvm -asan-kernel-mem-intrinsic-prefix=1)
KERNEL_LDFLAGS := -static -pie --no-dynamic-linker -z text -z noexecstack -z norelro -z max-page-size=4096 --build-id=none \
  -T kernel/arch/x86_64/kernel.ld

all: $(BUILD)/kernel.elf

$(filter %.c.o,$(KERNEL_OBJECTS)): $(BUILD)/kernel/%.o: % kernel/module.mk | $(GENERATED)
	@mkdir -p $(@D) && echo "  cc kernel $<" && $(CC) $(CFLAGS_kernel) \
	  $(if $(MH_CHECK),$(if $(filter $<,$(KERNEL_UNCHECKED)),-fno-sanitize=kernel-address)) $(KERNEL_INCLUDES) -c $< -o $@
$(filter %.S.o,$(KERNEL_OBJECTS)): $(BUILD)/kernel/%.o: % kernel/module.mk
	@mkdir -p $(@D) && echo "  as kernel $<" && $(CC) $(filter-out -std=c23 -fsanitize=%,$(CFLAGS_kernel)) $(KERNEL_INCLUDES) -c $< -o $@

$(BUILD)/kernel/symbols-empty.S: $(BUILD)/host/bin/ksyms
	@mkdir -p $(@D) && $< </dev/null >$@
$(BUILD)/kernel/symbols.S: $(BUILD)/kernel/first.elf $(BUILD)/host/bin/ksyms
	@llvm-nm-19 -n $< | $(BUILD)/host/bin/ksyms >$@
$(BUILD)/kernel/symbols-empty.S.o $(BUILD)/kernel/symbols.S.o: %.o: %
	@$(CC) --target=x86_64-unknown-none-elf -c $< -o $@
$(BUILD)/kernel/first.elf: $(KERNEL_OBJECTS) $(KERNEL_LIBRARIES) $(BUILD)/kernel/symbols-empty.S.o kernel/arch/x86_64/kernel.ld
	@echo "  ld $@" && $(LD) $(KERNEL_LDFLAGS) -o $@ $(filter %.o,$^) --start-group $(filter %.a,$^) --end-group
# GRUB refuses files with relocation sections, so ours is plain data to the outside: early.c alone reads it.
$(BUILD)/kernel.elf: $(KERNEL_OBJECTS) $(KERNEL_LIBRARIES) $(BUILD)/kernel/symbols.S.o kernel/arch/x86_64/kernel.ld
	@echo "  ld $@" && $(LD) $(KERNEL_LDFLAGS) -o $@ $(filter %.o,$^) --start-group $(filter %.a,$^) --end-group && \
	  $(OBJCOPY) --set-section-type .rela.dyn=1 $@
	@sh tools/kernel_lines.sh $(KERNEL_FLAVOURS)
