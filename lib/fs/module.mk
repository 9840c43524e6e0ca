# What filesystem servers and vfsd share: directory records, changes of attributes.
$(eval $(call library,lib/fs,lib/base))
$(eval $(call host_test,lib/fs,lib/base))
