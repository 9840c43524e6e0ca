# schedcheck: promises of the scheduler as Linux programs see them, as one static program; tests/e2e/scheduling.sh runs it.
$(BUILD)/tests/schedcheck: tests/guest/schedcheck/schedcheck.c
	@mkdir -p $(@D) && echo "  musl $@" && musl-gcc -static -O1 -Wall -Wextra -Wno-unused-parameter -o $@ $(filter %.c,$^)
