# A shared folder of the host by 9P over virtio.
$(eval $(call program,fs/p9,lib/virtio lib/driver lib/fiber lib/format/p9 lib/format/pci lib/fs lib/server lib/heap lib/sys lib/base))
