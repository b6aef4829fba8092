// SPDX-License-Identifier: LGPL-2.1-or-later
// See mode.h. Example: the policy says squeeze and `modes: {memory: observe}`, somebody has called
// SetMode protect: cpu and io are protect (SetMode), memory is observe (policy).
#include "policy/mode.h"

#include <stdio.h>

#include "policy/names.h"

static bool lowers(const struct mode_say *say, enum mode mode)
{
	return say->given && say->mode < mode;
}

void mode_lowest(const struct mode_says *says, struct modes *ret_modes)
{
	struct modes modes = {.all = MODE_FULL, .all_from = MODE_SOURCE_NONE};

	for (int s = 0; s < MODE_SOURCE_COUNT; s++) {
		if (!lowers(&says->all[s], modes.all))
			continue;
		modes.all = says->all[s].mode;
		modes.all_from = (enum mode_source)s;
	}
	for (int r = 0; r < RESOURCE_MODES; r++) {
		modes.by[r] = modes.all;
		modes.by_from[r] = modes.all_from;
		for (int s = 0; s < MODE_SOURCE_COUNT; s++) {
			if (!lowers(&says->by[s][r], modes.by[r]))
				continue;
			modes.by[r] = says->by[s][r].mode;
			modes.by_from[r] = (enum mode_source)s;
			modes.by_own[r] = true;
		}
	}
	*ret_modes = modes;
}

const char *mode_why(const struct mode_says *says, const struct modes *modes,
		     enum resource resource)
{
	bool whole = (int)resource < 0 || resource >= RESOURCE_MODES;
	enum mode_source from = whole ? modes->all_from : modes->by_from[resource];

	if ((int)from < 0 || from >= MODE_SOURCE_COUNT)
		return "nothing lowers it";
	return whole || !modes->by_own[resource] ? says->all[from].why
						 : says->by[from][resource].why;
}

struct modes mode_of_all(enum mode mode)
{
	struct modes modes = {.all = mode, .all_from = MODE_SOURCE_POLICY};

	for (int r = 0; r < RESOURCE_MODES; r++) {
		modes.by[r] = mode;
		modes.by_from[r] = MODE_SOURCE_POLICY;
	}
	return modes;
}

enum mode mode_highest(const struct modes *modes)
{
	enum mode highest = MODE_OFF;

	/* Nothing acts on the network's mode yet. */
	for (int r = 0; r < RESOURCE_COUNT; r++) {
		if (modes->by[r] > highest)
			highest = modes->by[r];
	}
	return highest;
}

enum mode mode_needed(enum knob knob, enum effect effect)
{
	return knob == KNOB_CGROUP_FREEZE ? MODE_FULL : names_effect_mode(effect);
}

enum mode mode_of_rung(enum rung rung)
{
	if (rung == RUNG_CALM)
		return MODE_OFF;
	return rung >= RUNG_FREEZE ? MODE_FULL : names_effect_mode(EFFECT_HOLD);
}

bool mode_differs(const struct modes *modes)
{
	for (int r = 0; r < RESOURCE_MODES; r++) {
		if (modes->by[r] != modes->all)
			return true;
	}
	return false;
}

void mode_say(struct mode_says *says, enum mode_source source, enum resource resource,
	      enum mode mode, const char *why)
{
	bool whole = (int)resource < 0 || resource >= RESOURCE_MODES;
	struct mode_say *say = whole ? &says->all[source] : &says->by[source][resource];

	say->given = true;
	say->mode = mode;
	(void)snprintf(say->why, sizeof(say->why), "%s", why);
}
