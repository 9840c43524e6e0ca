# Memory for native servers.
$(eval $(call library,lib/heap,lib/sys lib/base))
$(eval $(call host_test,lib/heap,lib/sys lib/base))
