# Stands in for the ciphers where their sources cannot be had.
$(eval $(call library,fs/redoxfs/plain,fs/redoxfs fs/redoxfs/cipher lib/lz4 lib/base))
