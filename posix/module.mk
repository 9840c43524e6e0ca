# The POSIX/Linux personality: one position-independent image without writable data, mapped into every POSIX process.
POSIX_PARTS := posix/core posix/linux posix/process posix/signal posix/memory posix/thread posix/time posix/launch \
  posix/file posix/socket posix/terminal posix/poll posix/proc
POSIX_USES := lib/base lib/sys lib/format/elf
$(foreach m,$(filter-out posix/launch,$(POSIX_PARTS)),$(eval EXTRA_$(m) := -fomit-frame-pointer -ffunction-sections))
$(foreach m,$(filter-out posix/launch,$(POSIX_PARTS)),$(eval $(call library,$(m),$(POSIX_USES))))
$(eval $(call host_test,posix/linux,lib/base))
$(foreach m,posix/file posix/terminal posix/poll posix/proc,$(eval $(call host_test,$(m),lib/base)))

# The image for the C libraries: a shared object of its own.
$(eval $(call library,posix/vdso,lib/base lib/sys))
EXTRA_posix/vdso := -fpic -fomit-frame-pointer
$(BUILD)/posix-vdso.so: $(call objects,posix/vdso,user) posix/vdso/vdso.ld
	@echo "  ld $@" && $(LD) -shared -soname linux-vdso.so.1 --hash-style=both -z noexecstack -s \
	  -T posix/vdso/vdso.ld -o $@ $(filter %.o,$^)
$(BUILD)/user/posix/core/vdso.S.o $(BUILD)/host/posix/core/vdso.S.o: $(BUILD)/posix-vdso.so

POSIX_LIBRARIES := $(foreach m,$(filter-out posix/core,$(POSIX_PARTS)) $(POSIX_USES),$(call library_file,$(m),user))
$(BUILD)/bin/posix.elf: $(call objects,posix/core,user) $(POSIX_LIBRARIES) posix/image.ld
	@mkdir -p $(@D) && echo "  ld $@" && $(LD) -static -pie --no-dynamic-linker -z noexecstack --gc-sections --no-undefined \
	  -T posix/image.ld -o $@ --start-group $(filter %.o %.a,$^) --end-group
all: $(BUILD)/bin/posix
PROGRAMS += $(BUILD)/bin/posix
# What processes map: the bytes of the one segment.
$(BUILD)/bin/posix: $(BUILD)/bin/posix.elf
	@echo "  image $@" && $(OBJCOPY) -O binary $< $@
