# The tools of the native filesystem for the build machine: one program, and each verb's own name beside it.
$(eval $(call host_tool,tools/redoxfs,fs/redoxfs/cipher fs/redoxfs lib/crypto lib/lz4/foreign lib/lz4 lib/base))
REDOXFS_TOOLS := mkfs fsck scrub ls cat extract resize password debug
$(BUILD)/host/bin/redoxfs-%: $(BUILD)/host/bin/redoxfs
	@ln -sf redoxfs $@
all: $(patsubst %,$(BUILD)/host/bin/redoxfs-%,$(REDOXFS_TOOLS))
