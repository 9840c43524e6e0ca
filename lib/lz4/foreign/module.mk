# Debian's liblz4, in both directions.
$(eval $(call library,lib/lz4/foreign,lib/lz4 lib/base))
$(eval $(call host_test,lib/lz4/foreign,lib/lz4 lib/base))
LIBS_lib/lz4/foreign := -llz4
