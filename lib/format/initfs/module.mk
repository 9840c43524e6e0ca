# The archive that holds everything before there is a disk.
$(eval $(call library,lib/format/initfs,lib/base))
$(eval $(call host_test,lib/format/initfs,lib/base))
