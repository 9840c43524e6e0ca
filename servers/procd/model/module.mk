# Processes, groups, sessions, signals and waits as pure C over the process table.
$(eval $(call library,servers/procd/model,lib/base))
$(eval $(call host_test,servers/procd/model,lib/base))
