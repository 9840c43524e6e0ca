# LZ4 blocks: the door; what is behind it are the folders small and foreign.
$(eval $(call library,lib/lz4,lib/base))
