# What exec and the native start of a POSIX process share: address space, first stack, arguments; and that native start itself.
EXTRA_posix/launch := -fomit-frame-pointer -ffunction-sections
$(eval $(call library,posix/launch,lib/base lib/sys lib/format/elf))
$(eval $(call host_test,posix/launch,lib/base lib/sys lib/format/elf))
