# A program that attacks the kernel from user mode: static, against musl, runs as any other Linux program.
$(BUILD)/guest/hostile: tests/guest/hostile/hostile.c
	@mkdir -p $(@D) && echo "  musl $<" && musl-gcc -static -O1 -mfsgsbase -o $@ $<
IMAGE_PROGRAMS += $(BUILD)/guest/hostile
