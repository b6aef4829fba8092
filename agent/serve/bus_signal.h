// SPDX-License-Identifier: LGPL-2.1-or-later
// The signals of the manager object, each from what the last pass left.
#pragma once

#include <systemd/sd-bus.h>

#include "colod/snapshot.h"

/* RungChanged: the ladder of this resource was on `from`. */
void bus_signal_rung(sd_bus *sdbus, const struct snapshot *s, enum resource resource,
		     enum rung from);

/* SliViolated and SliEnded for each of those; StepTold for each rung, kill and effect that the history has behind *cursor, which is moved on. Numbers that were not
 * measured are not among those of the signal. */
void bus_signal_steps(sd_bus *sdbus, const struct snapshot *snapshot, uint64_t *cursor);

/* Where to begin: nothing that is there already is told. */
uint64_t bus_signal_from(const struct snapshot *snapshot);

/* PolicyRejected, when the policy state says so: with the first error as `file:line:col: text`. */
void bus_signal_policy(sd_bus *sdbus, const struct snapshot *s);
