# The ciphers of encrypted volumes, from lib/crypto.
$(eval $(call library,fs/redoxfs/cipher,fs/redoxfs lib/crypto lib/base))
$(eval $(call host_test,fs/redoxfs/cipher,fs/redoxfs lib/lz4/small lib/lz4 lib/crypto lib/base))
