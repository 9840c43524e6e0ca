# The loader's list of memory ranges: marking parts of it, without memory of its own. For boot/ and the kernel's early code.
$(eval $(call library,lib/format/boot,lib/base))
$(eval $(call host_test,lib/format/boot,lib/base))
