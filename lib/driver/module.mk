# The shape of a driver: its loop, its device, memory that it shares with it.
$(eval $(call library,lib/driver,lib/server lib/heap lib/sys lib/base lib/format/pci))
