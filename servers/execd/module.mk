# The first POSIX process: the command of the command line, or the console's shell.
ifneq ($(wildcard posix/launch/launch.c),)
$(eval $(call program,servers/execd,posix/launch lib/server lib/loader lib/format/elf lib/format/initfs lib/heap lib/sys lib/base))
endif
$(eval $(call host_test,servers/execd,lib/server lib/format/initfs lib/heap lib/sys lib/base))
