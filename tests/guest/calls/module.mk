# Checks of the calls about files, terminals and readiness: a static Linux program, run by tests/e2e/calls.sh.
CALLS_SOURCES := $(wildcard tests/guest/calls/*.c)
$(BUILD)/guest/calls: $(CALLS_SOURCES) tests/guest/calls/calls.h
	@mkdir -p $(@D) && echo "  musl $@" && musl-gcc -static -O1 -Wall -Wextra -Wno-unused-result -o $@ $(CALLS_SOURCES)
all: $(BUILD)/guest/calls
