# Freestanding C without allocation: spans, checked arithmetic, lists, trees, formatting.
$(eval $(call library,lib/base))
$(eval $(call host_test,lib/base))
