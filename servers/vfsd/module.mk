# Names: path walk, mounts, permissions, open directories, /dev.
$(eval $(call program,servers/vfsd,lib/fs lib/server lib/heap lib/sys lib/base))
$(eval $(call host_test,servers/vfsd,lib/fs lib/server lib/heap lib/sys lib/base))
