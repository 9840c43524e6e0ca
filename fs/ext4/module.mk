# ext4, read-only.
$(eval $(call program,fs/ext4,lib/block lib/format/ext4 lib/fs lib/server lib/heap lib/sys lib/base))
