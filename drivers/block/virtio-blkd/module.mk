# A virtio disk, served by rings.
$(eval $(call program,drivers/block/virtio-blkd,lib/virtio lib/block lib/driver lib/server lib/heap lib/sys lib/base lib/format/pci))
