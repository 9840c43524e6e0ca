# The native filesystem's format, version 8.
$(eval $(call library,fs/redoxfs,lib/base))
$(eval $(call host_test,fs/redoxfs,lib/base))
