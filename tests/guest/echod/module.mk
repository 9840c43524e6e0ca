# The scheme that round trips are measured with.
$(eval $(call program,tests/guest/echod,lib/server lib/heap lib/sys lib/base))
