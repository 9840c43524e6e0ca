# What a PCI function says of itself.
$(eval $(call library,lib/format/pci,lib/base))
$(eval $(call host_test,lib/format/pci,lib/base))
