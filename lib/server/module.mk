# Serve a scheme: the loop, the table of open resources, deferred answers.
$(eval $(call library,lib/server,lib/sys lib/heap lib/base))
