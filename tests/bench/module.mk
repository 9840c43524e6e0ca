# osbench: one static program, the same file on Linux and here. Built with musl, because it measures the system and not a library.
$(BUILD)/bench/osbench: tests/bench/osbench.c
	@mkdir -p $(@D) && echo "  musl $<" && musl-gcc -static -O2 -o $@ $<
IMAGE_PROGRAMS += $(BUILD)/bench/osbench
