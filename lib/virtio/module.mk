# virtio devices on PCI: finding their structures, agreeing on features, queues.
$(eval $(call library,lib/virtio,lib/driver lib/server lib/heap lib/sys lib/base lib/format/pci))
$(eval $(call host_test,lib/virtio,lib/driver lib/server lib/heap lib/sys lib/base lib/format/pci))
