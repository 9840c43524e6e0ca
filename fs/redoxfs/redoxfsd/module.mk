# The native filesystem's server.
FOREIGN_yes := fs/redoxfs/cipher lib/crypto lib/lz4/foreign ports/mbedtls ports/libsodium ports/lz4 lib/port
FOREIGN_no := fs/redoxfs/plain lib/lz4/small
EXTRA_fs/redoxfs/redoxfsd := -Ifs/redoxfs/cipher/include
$(eval $(call program,fs/redoxfs/redoxfsd,fs/redoxfs $(FOREIGN_$(HAVE_SOURCES)) lib/lz4 lib/block lib/fiber lib/fs lib/server lib/heap lib/sys lib/base))
