// SPDX-License-Identifier: LGPL-2.1-or-later
// The disks in what doctor says.
#pragma once

#include "agent/ctl/ctl.h"

void doctor_disks(const struct ctl *ctl, const cJSON *doctor);
