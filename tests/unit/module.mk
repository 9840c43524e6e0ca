# The main, the checks and the report of every unit test program.
$(eval $(call library,tests/unit,lib/base))
