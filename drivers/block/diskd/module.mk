# A disk as a file.
$(eval $(call program,drivers/block/diskd,lib/block lib/fs lib/server lib/heap lib/sys lib/base))
