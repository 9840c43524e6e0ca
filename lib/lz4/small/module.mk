# The decoder for native programs.
$(eval $(call library,lib/lz4/small,lib/lz4 lib/base))
$(eval $(call host_test,lib/lz4/small,lib/lz4 lib/base))
LIBS_lib/lz4/small := -llz4 # of its test
