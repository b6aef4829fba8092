// SPDX-License-Identifier: LGPL-2.1-or-later
// The name of the pod that is the cause, copied into a reason or beside it. Pure.
#pragma once

#include "colod/model.h"
#include "colod/reason.h"

/* Cut to fit, never inside a UTF-8 character (D-Bus refuses a string with half of one). */
void who_set(struct reason *reason, const char *name);
void who_copy(char to[REASON_WHO_SIZE], const char *name);

/* The name of model->pods[pod]; "" where there is no such pod. */
void who_set_pod(struct reason *reason, const struct model *model, uint32_t pod);
