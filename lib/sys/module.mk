# System-call stubs, messages, the start of native programs, the clock page, the log.
$(eval $(call library,lib/sys,lib/base))
