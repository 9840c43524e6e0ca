# limitcheck: what setrlimit(2) promises, as one static program; tests/e2e/limits.sh runs it here and on the build machine's Linux.
$(BUILD)/tests/limitcheck: $(wildcard tests/guest/limitcheck/*.c)
	@mkdir -p $(@D) && echo "  musl $@" && musl-gcc -static -O1 -Wall -Wextra -Wno-unused-parameter -o $@ $(filter %.c,$^)
