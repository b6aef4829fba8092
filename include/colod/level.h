// SPDX-License-Identifier: LGPL-2.1-or-later
// The words that every stage shares: priority level, role, mode, QoS class. Each enum has its
// text form in policy/names.c, checked in both directions by tests/unit/test_names.c.
#pragma once

#include <errno.h>
#include <stdbool.h>

/* P0 is the highest. LEVEL_NONE: no rule gave the pod a level, so nothing of it is touched. */
enum level {
	LEVEL_P0,
	LEVEL_P1,
	LEVEL_P2,
	LEVEL_P3,
	LEVEL_P4,
	LEVEL_P5,
	LEVEL_P6,
	LEVEL_P7,
	LEVEL_COUNT,
	LEVEL_NONE = -EINVAL,
};

/* Offline work yields to all online work; online levels share by weight. */
enum role {
	ROLE_ONLINE,
	ROLE_OFFLINE,
	ROLE_COUNT,
	ROLE_INVALID = -EINVAL,
};

/* How far the agent may ever go; ordered, the lowest of all sources wins. */
enum mode {
	MODE_OFF,
	MODE_OBSERVE,
	MODE_PROTECT,
	MODE_SQUEEZE,
	MODE_FULL,
	MODE_COUNT,
	MODE_INVALID = -EINVAL,
};

/* The Kubernetes QoS class; QOS_NONE for units and plain cgroups. */
enum qos {
	QOS_NONE,
	QOS_GUARANTEED,
	QOS_BURSTABLE,
	QOS_BESTEFFORT,
	QOS_COUNT,
	QOS_INVALID = -EINVAL,
};

/* Resources with pressure information, in the order of every per-resource array. */
enum resource {
	RESOURCE_CPU,
	RESOURCE_MEMORY,
	RESOURCE_IO,
	RESOURCE_COUNT,
	RESOURCE_INVALID = -EINVAL,
};

/* What has a mode of its own is those, and the network behind them: it has no pressure information. Of the arrays
 * by resource only those of modes have a place for it. */
#define RESOURCE_NET RESOURCE_COUNT
#define RESOURCE_MODES (RESOURCE_COUNT + 1)
