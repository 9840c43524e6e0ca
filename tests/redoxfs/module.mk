# What the native filesystem promises, against models: of its tree, of a disk that loses power, of a disk that fails.
$(eval $(call library,tests/redoxfs,fs/redoxfs lib/lz4/foreign lib/lz4 lib/base))
$(eval $(call host_test,tests/redoxfs,fs/redoxfs lib/lz4/foreign lib/lz4 lib/base))
