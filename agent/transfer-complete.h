// SPDX-License-Identifier: GPL-2.0-or-later
// What the ACS is told when a transfer has ended: TransferComplete and AutonomousTransferComplete.
#pragma once

#include "agent/acs-request.h"

struct transfer;

// Write the arguments of the request of a struct transfer.
void transfer_complete_write(const struct acs_request *request, struct soap_writer *writer);
void autonomous_transfer_complete_write(const struct acs_request *request, struct soap_writer *writer);

// Whether AutonomousTransferCompletePolicy lets the ACS know of this one.
bool transfer_complete_wanted(const struct agent *agent, const struct transfer *transfer);
