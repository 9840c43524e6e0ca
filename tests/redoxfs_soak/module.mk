# The long runs of tests/redoxfs: build/host/bin/redoxfs_soak WHAT SEED AMOUNT
$(eval $(call host_tool,tests/redoxfs_soak,tests/redoxfs fs/redoxfs lib/lz4/foreign lib/lz4 lib/base))
