# The line discipline as a pure state machine.
$(eval $(call library,servers/ttyd/line,lib/base))
$(eval $(call host_test,servers/ttyd/line,lib/base))
