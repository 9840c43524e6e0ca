# The native filesystem's server.
$(eval $(call program,fs/redoxfs/redoxfsd,fs/redoxfs lib/lz4/small lib/lz4 lib/block lib/fiber lib/fs lib/server lib/heap lib/sys lib/base))
