# What filesystem servers and vfsd share: directory records, listings, changes of attributes, the helper context.
$(eval $(call library,lib/fs,lib/server lib/heap lib/sys lib/base))
$(eval $(call host_test,lib/fs,lib/server lib/heap lib/sys lib/base))
