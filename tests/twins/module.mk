# Correctness twins of the benchmark's rows: a static program that must say the same on Linux and here.
$(BUILD)/twins: tests/twins/twins.c
	@mkdir -p $(@D) && echo "  musl $<" && musl-gcc -static -O2 -Wall -Wno-missing-field-initializers -pthread -o $@ $<
all: $(BUILD)/twins
