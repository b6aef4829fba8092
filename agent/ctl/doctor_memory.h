// SPDX-License-Identifier: LGPL-2.1-or-later
// The memory nodes in what doctor says.
#pragma once

#include "agent/ctl/ctl.h"

void doctor_memory(const struct ctl *ctl, const cJSON *doctor);
