# A filesystem in memory: the root (filled from the initfs) and /tmp.
$(eval $(call program,fs/ramfs,lib/fs lib/format/initfs lib/server lib/heap lib/sys lib/base))
$(eval $(call host_test,fs/ramfs,lib/fs lib/format/initfs lib/server lib/heap lib/sys lib/base))
