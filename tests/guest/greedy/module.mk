# greedy: takes all that it can get of one thing; tests/e2e/groups.sh runs it.
$(BUILD)/tests/greedy: tests/guest/greedy/greedy.c
	@mkdir -p $(@D) && echo "  musl $@" && musl-gcc -static -O1 -Wall -Wextra -Wno-unused-parameter -o $@ $<
