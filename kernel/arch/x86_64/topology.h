/* SPDX-License-Identifier: MIT
 * What the firmware says about CPUs and interrupt controllers. Constant after arch_init_machine. */
#pragma once
#include "acpi/acpi.h"

extern struct acpi_madt machine_topology;
extern struct acpi_fadt machine_power;
