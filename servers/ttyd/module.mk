# Terminals, pseudo-terminals, job control.
$(eval $(call program,servers/ttyd,servers/ttyd/line lib/server lib/heap lib/sys lib/base))
