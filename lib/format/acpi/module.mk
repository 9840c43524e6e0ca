# Readers of the ACPI tables that the kernel and the device manager need (no AML). Pure functions over views.
$(eval $(call library,lib/format/acpi,lib/base))
$(eval $(call host_test,lib/format/acpi,lib/base))
