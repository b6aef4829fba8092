// SPDX-License-Identifier: LGPL-2.1-or-later
// Who sent a message, for the record of what it changed. Whether the sender may is another question.
#pragma once

#include <systemd/sd-bus.h>

#include "colod/history.h"

/* User and process as the bus daemon tells them, the name as /proc has it (a program names itself, so
 * it is for people only). `known` stays false where the daemon does not answer: then the rest is 0. */
void bus_caller_of(sd_bus_message *call, struct history_caller *ret_caller);
