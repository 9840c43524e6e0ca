# Several things under way in one loop, each on its own stack.
$(eval $(call library,lib/fiber,lib/sys lib/base))
