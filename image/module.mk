# The initfs: our programs and configuration (image/initfs.list), and the build machine's static busybox and bash.
$(BUILD)/foreign.list: image/module.mk
	@mkdir -p $(@D) && { echo "file bin/busybox 755 $$(command -v busybox)" && \
	  busybox --list-full | sed -e 's|^linuxrc$$||' -e '/^$$/d' | \
	    while read -r path; do [ "$$path" = bin/busybox ] || echo "link $$path $$(echo "$$path" | sed -e 's|[^/]*/|../|g' -e 's|[^/]*$$||')bin/busybox"; done && \
	  echo "file bin/bash 755 $$(command -v bash-static)"; } > $@.new && mv $@.new $@
PERSONALITY := $(if $(wildcard posix/signal/*.c),$(BUILD)/bin/posix)
INITFS_FILES := image/initfs.list $(wildcard image/units/* image/etc/*)
$(BUILD)/initfs.img: $(BUILD)/host/bin/mkinitfs $(BUILD)/foreign.list $(INITFS_FILES) $$(PROGRAMS) $$(PERSONALITY) $$(IMAGE_PROGRAMS)
	@echo "  initfs $@" && $(BUILD)/host/bin/mkinitfs $@ $(BUILD)/foreign.list image/initfs.list
all: $(BUILD)/initfs.img
