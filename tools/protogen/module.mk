# Makes C from abi/protocol: numbers, client, server, names, a page of the book.
$(eval $(call host_tool,tools/protogen,lib/base))
$(eval $(call host_test,tools/protogen,lib/base))
