# PCI Express: finds functions, hands each to its driver.
$(eval $(call program,drivers/bus/pcid,lib/server lib/heap lib/sys lib/base lib/format/acpi lib/format/pci lib/format/initfs))
