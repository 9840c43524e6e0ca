# The driver that the book explains.
$(eval $(call program,tests/guest/edud,lib/driver lib/server lib/heap lib/sys lib/base lib/format/pci))
