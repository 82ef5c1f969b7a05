// SPDX-License-Identifier: GPL-2.0-or-later
// Device.ManagementServer.InformParameter.{i}.: what the ACS wants in Informs beside the standard's parameters.
#pragma once

#include "agent/event.h"
#include "agent/own-table.h"

// Checks a value of a row, as own_table_check().
int inform_parameter_check(uint32_t parameter, const struct espalier_value *value, const char **text);

// Fills in what a new row starts with, between espalier_begin() and espalier_commit().
void inform_parameter_fill(struct espalier_writer *writer, struct espalier_row row, uint32_t number);

// Calls found() with the name of each enabled row that is for one of the events in the Inform; the name may have `*`,
// and lives during the call.
void inform_parameter_each(const struct own_tables *tables, const struct events *events,
			   void (*found)(const char *name, size_t length, void *context), void *context);
