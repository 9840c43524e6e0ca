# Runs one emulated machine for ./mh: streams apart, limits, context dump, exit status.
$(eval $(call host_tool,tools/runner,lib/base))
$(eval $(call host_test,tools/runner,lib/base))
all: $(BUILD)/host/bin/runner
