# Packs the initfs from lists of what goes where.
$(eval $(call host_tool,tools/mkinitfs,lib/format/initfs lib/base))
