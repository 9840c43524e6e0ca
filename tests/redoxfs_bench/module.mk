# What the native filesystem's operations cost: build/host/bin/redoxfs_bench, under callgrind by tests/redoxfs_bench/run.sh.
$(eval $(call host_tool,tests/redoxfs_bench,tests/redoxfs fs/redoxfs lib/lz4/foreign lib/lz4 lib/base))
