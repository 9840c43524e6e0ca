# Puts function names into the kernel image, for its backtraces.
$(eval $(call host_tool,tools/ksyms))
