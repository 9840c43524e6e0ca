# Process ids, parents, groups, sessions, credentials, signals between processes, and /proc.
$(eval $(call program,servers/procd,servers/procd/model lib/server lib/heap lib/sys lib/base))
