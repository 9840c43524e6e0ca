# Ciphers and password hashing, from Debian's libargon2 and mbedTLS: never our own.
$(eval $(call library,lib/crypto,lib/base))
$(eval $(call host_test,lib/crypto,lib/base))
LIBS_lib/crypto := -largon2 -lmbedcrypto
