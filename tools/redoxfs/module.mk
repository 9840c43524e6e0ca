# The tools of the native filesystem for the build machine: one program, and each verb's own name beside it.
$(eval $(call host_tool,tools/redoxfs,fs/redoxfs/cipher fs/redoxfs lib/crypto lib/lz4/foreign lib/lz4 lib/base))
REDOXFS_TOOLS := mkfs fsck scrub ls cat extract resize password debug
$(BUILD)/host/bin/redoxfs-%: $(BUILD)/host/bin/redoxfs
	@ln -sf redoxfs $@
all: $(patsubst %,$(BUILD)/host/bin/redoxfs-%,$(REDOXFS_TOOLS))
# The same objects as a static Linux program, for the system's own image.
REDOXFS_USES := tools/redoxfs fs/redoxfs/cipher fs/redoxfs lib/crypto lib/lz4/foreign lib/lz4 lib/base
$(BUILD)/posix/bin/redoxfs: $(call objects,tools/redoxfs,hosttool) $(foreach m,$(wordlist 2,9,$(REDOXFS_USES)),$(call library_file,$(m),hosttool))
	@mkdir -p $(@D) && echo "  static $@" && $(CC) -static -s -Wl,--gc-sections -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
	  $(call foreign_libraries,$(REDOXFS_USES))
IMAGE_PROGRAMS += $(BUILD)/posix/bin/redoxfs
