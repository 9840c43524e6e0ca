# The first process: reads units, starts services, supervises them.
$(eval $(call program,servers/init,lib/server lib/loader lib/format/elf lib/format/initfs lib/heap lib/sys lib/base))
$(eval $(call host_test,servers/init,lib/server lib/loader lib/format/elf lib/format/initfs lib/heap lib/sys lib/base))
