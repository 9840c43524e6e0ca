# ext4 on disk, reading.
$(eval $(call library,lib/format/ext4,lib/base))
$(eval $(call host_test,lib/format/ext4,lib/base))
