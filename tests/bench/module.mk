# osbench: one static program, the same file on Linux and here. Built with musl, because it measures the system and not a library.
$(BUILD)/bench/osbench: tests/bench/osbench.c
	@mkdir -p $(@D) && echo "  musl $<" && musl-gcc -static -O2 -o $@ $<
IMAGE_PROGRAMS += $(BUILD)/bench/osbench
# latency, scaling, growth: how late a real-time thread is under load, what CPUs share, what ten thousand of a kind cost; tests/bench.sh
# runs them.
$(BUILD)/bench/latency $(BUILD)/bench/scaling $(BUILD)/bench/growth: $(BUILD)/bench/%: tests/bench/%.c
	@mkdir -p $(@D) && echo "  musl $<" && musl-gcc -static -O2 -Wall -Wextra -Wno-unused-parameter -o $@ $<
