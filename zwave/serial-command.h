/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands of Z-Wave command classes: reports to values of the model, and settings to commands. Byte by byte. */
#pragma once

#include "zwave/source.h"

/** The longest command that fits in a frame of SendData */
#define COMMAND_MAXIMUM 48

enum command_class {
	CC_BASIC = 0x20,
	CC_BINARY_SWITCH = 0x25,
	CC_MULTILEVEL_SWITCH = 0x26,
	CC_BINARY_SENSOR = 0x30,
	CC_MULTILEVEL_SENSOR = 0x31,
	CC_METER = 0x32,
	CC_THERMOSTAT_MODE = 0x40,
	CC_THERMOSTAT_SETPOINT = 0x43,
	CC_NOTIFICATION = 0x71,
	CC_MANUFACTURER_SPECIFIC = 0x72,
	CC_BATTERY = 0x80,
	CC_WAKE_UP = 0x84,
	CC_ASSOCIATION = 0x85,
	CC_VERSION = 0x86,
};

/** command_take() - a command that a node sent; what is too short or not known is passed over */
void command_take(struct model *model, struct node *node, const uint8_t *bytes, size_t length);

/**
 * command_question() - what a node with this command class is asked at first
 * @step: 0, 1, ... until it answers 0
 *
 * Writes the command and returns its bytes.
 */
size_t command_question(uint8_t command_class, unsigned int step, uint8_t command[COMMAND_MAXIMUM]);

/** command_report_of() - turns a command that sets something into the one that asks for it; 0 when there is none */
size_t command_report_of(uint8_t command[COMMAND_MAXIMUM]);

/** command_of_setting() - the command that a setting is. Returns its bytes, or 0 with *fault and *why. */
size_t command_of_setting(const struct setting *setting, uint8_t command[COMMAND_MAXIMUM], int *fault,
			  const char **why);

/** command_number() - the number in precision, size and bytes, as the classes with a precision have it: `bytes` begins
 *  with the byte that has precision (bits 7-5), scale (4-3) and size (2-0). False when it is too short. */
bool command_number(const uint8_t *bytes, size_t length, double *number, uint8_t *scale, size_t *used);
