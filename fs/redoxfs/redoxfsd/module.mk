# The native filesystem's server.
$(eval $(call program,fs/redoxfs/redoxfsd,fs/redoxfs lib/block lib/fiber lib/fs lib/server lib/heap lib/sys lib/base))
