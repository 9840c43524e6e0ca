# 9P2000.L messages.
$(eval $(call library,lib/format/p9,lib/base))
$(eval $(call host_test,lib/format/p9,lib/base))
