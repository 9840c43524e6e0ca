# vfsd and ramfs against each other on the build machine, with a kernel of a few hundred lines between them.
$(eval $(call library,tests/vfs))
$(eval $(call host_test,tests/vfs,servers/vfsd fs/ramfs lib/fs lib/format/initfs lib/server lib/heap lib/sys lib/base))
