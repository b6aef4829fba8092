// SPDX-License-Identifier: LGPL-2.1-or-later
// A process that answers on a private bus as systemd does for what colod asks and tells: GetAll of a unit,
// and SetProperties of a start of a unit or SetUnitProperties by its name, which write all knobs of a
// controller into a fake tree and leave a drop-in. For the order and the records of colod's calls; what
// systemd really does is a VM test. StopUnit: the unit is gone at once.
//
// Units are directories of the fake tree: units/NAME/PROPERTY, with the value as text. ControlGroup is a
// property too.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "tests/lib/private_bus.h"

struct fake_systemd {
	struct private_bus bus;
	pid_t pid;
	char *dir; /* the tree, borrowed */
};

/* Starts bus and process; DBUS_SYSTEM_BUS_ADDRESS leads there. Aborts where that fails. */
void fake_systemd_start(struct fake_systemd *f, char *dir);
void fake_systemd_stop(struct fake_systemd *f);

/* A unit whose cgroup is `path`, with systemd's defaults. */
void fake_systemd_unit(struct fake_systemd *f, const char *name, const char *path);

/* It is one that systemd never starts, so that no invocation names it. */
void fake_systemd_always(struct fake_systemd *f, const char *name);

/* Somebody else sets a property, without systemd writing files. UINT64_MAX: unset. */
void fake_systemd_set(struct fake_systemd *f, const char *name, const char *property,
		      uint64_t value);
uint64_t fake_systemd_get(struct fake_systemd *f, const char *name, const char *property);

/* The unit ends, and nobody knows it any more. */
void fake_systemd_gone(struct fake_systemd *f, const char *name);

/* The answers from now on: "ok", "refuse" (an error), "silent" (none), "restless" (a unit that was asked about
 * starts anew at once), "stuck" (busy from the next
 * telling on, which is done like everything behind it once that is over). */
void fake_systemd_mood(struct fake_systemd *f, const char *mood);

/* Properties that were set so far, in calls. */
unsigned fake_systemd_calls(struct fake_systemd *f);
