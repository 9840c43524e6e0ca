# The native filesystem's format, version 8.
$(eval $(call library,fs/redoxfs,lib/lz4/small lib/lz4 lib/base))
$(eval $(call host_test,fs/redoxfs,lib/lz4/small lib/lz4 lib/base))
# What makes the volumes is not what is tried; and comparisons with numbers that few have are not what is hard to guess here.
$(BUILD)/fuzz/fs/redoxfs/redoxfs_fuzz.c.o: CFLAGS_fuzz = $(CFLAGS_hosttool)
$(BUILD)/fuzz/fs/redoxfs/%.c.o: EXTRA_fs/redoxfs += -fno-sanitize-coverage=trace-cmp
