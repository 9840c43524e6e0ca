# The client's side of a disk.
$(eval $(call library,lib/block,lib/server lib/sys lib/base))
$(eval $(call host_test,lib/block,lib/server lib/sys lib/base))
