# Starts native programs.
$(eval $(call library,lib/loader,lib/format/elf lib/sys lib/base))
