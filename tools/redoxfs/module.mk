# Looks into volumes of the native filesystem from the build machine.
$(eval $(call host_tool,tools/redoxfs,fs/redoxfs lib/base))
