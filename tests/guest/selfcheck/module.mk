# The native interface, checked from inside the system.
$(eval $(call program,tests/guest/selfcheck,lib/server lib/loader lib/format/elf lib/format/initfs lib/heap lib/sys lib/base))
