# What a program file asks for.
$(eval $(call library,lib/format/elf,lib/base))
$(eval $(call host_test,lib/format/elf,lib/base))
