# SPDX-License-Identifier: MIT
# The kernel itself is built by kernel/module.mk; here are only memory's unit tests.
$(eval $(call library,kernel/arch))
$(eval $(call host_test,kernel/mm,kernel/arch lib/base))
