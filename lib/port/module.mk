# What foreign libraries need of C in a native program; ports/module.mk builds them against it.
$(eval $(call library,lib/port,lib/heap lib/sys lib/base))
EXTRA_lib/port := -isystem lib/port/include/c -fno-builtin
