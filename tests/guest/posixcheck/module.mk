# posixcheck: promises of Linux's manual pages, as one static program; tests/e2e/posix.sh runs it.
$(BUILD)/tests/posixcheck: $(wildcard tests/guest/posixcheck/*.c) tests/guest/posixcheck/posixcheck.h
	@mkdir -p $(@D) && echo "  musl $@" && musl-gcc -static -O1 -Wall -Wextra -Wno-unused-parameter -o $@ $(filter %.c,$^)
