# What protogen makes, both ends against each other, without a kernel.
$(eval $(call library,tests/protocol))
$(eval $(call host_test,tests/protocol,lib/base lib/sys lib/server))
