# Foreign programs: a folder and a build.sh each; fetched and built when a test asks for them, never as part of `all`.
ports-%: ports/%/build.sh
	@sh $<

# Foreign libraries for native programs, from Debian's source packages (ports/sources.sh), built against lib/port. Where the sources cannot
# be had, `no`: the system is built without ciphers, and says so when it meets an encrypted volume.
HAVE_SOURCES := $(if $(filter clean print-%,$(MAKECMDGOALS)),no,$(shell sh ports/sources.sh))
SOURCES := build/ports
CFLAGS_foreign := -std=gnu17 -g -O2 --target=x86_64-unknown-none-elf $(FREESTANDING) -fpie -ffunction-sections -fno-asynchronous-unwind-tables \
  -fno-omit-frame-pointer -ftrivial-auto-var-init=zero -fno-strict-aliasing -nostdlibinc -isystem lib/port/include/c -w
# $(call foreign,NAME,FILES BELOW build/ports/NAME,FLAGS): ports/NAME as a module for programs; its own files are built the same way
define foreign
FOREIGN_$(1) := $(patsubst %,$(BUILD)/user/ports/$(1)/%.o,$(2) $(notdir $(wildcard ports/$(1)/*.c)))
$(BUILD)/user/ports/$(1)/%.c.o: CFLAGS_foreign += $(3)
$(BUILD)/user/ports/$(1)/%.c.o: $(SOURCES)/$(1)/%.c $(wildcard ports/$(1)/*)
	@mkdir -p $$(@D) && echo "  cc foreign $$<" && $(CC) $$(CFLAGS_foreign) -c $$< -o $$@
$(BUILD)/user/ports/$(1)/%.c.o: ports/$(1)/%.c
	@mkdir -p $$(@D) && echo "  cc foreign $$<" && $(CC) $$(CFLAGS_foreign) -c $$< -o $$@
$(call library_file,ports/$(1),user): $$(FOREIGN_$(1))
	@mkdir -p $$(@D) && rm -f $$@ && $(AR) rcs $$@ $$^
endef

MBEDTLS := -I$(SOURCES)/mbedtls/include -Iports/mbedtls -DMBEDTLS_CONFIG_FILE='"aes_config.h"'
SODIUM := $(SOURCES)/libsodium/src/libsodium
$(eval $(call foreign,mbedtls,library/aes.c library/aesni.c library/platform_util.c,$(MBEDTLS)))
$(eval $(call foreign,libsodium,$(patsubst %,src/libsodium/%.c,sodium/codecs \
  $(addprefix crypto_pwhash/argon2/,argon2 argon2-core argon2-encoding argon2-fill-block-ref blake2b-long) \
  $(addprefix crypto_generichash/blake2b/ref/,blake2b-ref blake2b-compress-ref generichash_blake2b)),\
  -DCONFIGURED=1 -DNATIVE_LITTLE_ENDIAN=1 -I$(SODIUM)/include/sodium -I$(SODIUM)/include))
$(eval $(call foreign,lz4,lib/lz4.c,))
# What our doors to them are built against in native programs.
$(BUILD)/user/lib/lz4/foreign/%.c.o: CFLAGS_user += -nostdlibinc -isystem lib/port/include/c -I$(SOURCES)/lz4/lib
$(BUILD)/user/lib/crypto/%.c.o: CFLAGS_user += -nostdlibinc -isystem lib/port/include/c $(MBEDTLS) -I$(SODIUM)/crypto_pwhash/argon2
