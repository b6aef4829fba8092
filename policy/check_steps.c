// SPDX-License-Identifier: LGPL-2.1-or-later
// See check.h. Steps of the ladder need something to act on, and what several levels are promised must
// fit together.
#include <stdio.h>

#include "policy/check.h"
#include "policy/names.h"
#include "policy/names_policy.h"

#define WHOLE_PERMILLE 1000u

static bool has_step(const struct policy *policy, enum pressure_action action)
{
	for (size_t i = 0; i < policy->n_pressure; i++)
		for (size_t k = 0; k < policy->pressure[i].n_steps; k++)
			if (policy->pressure[i].steps[k].action == action)
				return true;
	return false;
}

static bool any_level(const struct policy *policy, bool (*is)(const struct level_policy *level))
{
	for (int i = 0; i < LEVEL_COUNT; i++)
		if (policy->levels[i].defined && is(&policy->levels[i]))
			return true;
	return false;
}

static bool squeezes_cpu(const struct level_policy *level)
{
	return level->cpu.squeeze;
}

static bool squeezes_io(const struct level_policy *level)
{
	return level->io.squeeze;
}

static bool is_offline(const struct level_policy *level)
{
	return level->role == ROLE_OFFLINE;
}

static void check_step(struct reader *reader, enum pressure_action action,
		       bool (*needs)(const struct level_policy *level), const char *hint)
{
	if (!has_step(reader->policy, action) || any_level(reader->policy, needs))
		return;
	reader_report(reader, &reader->pressure_cpu, DIAG_WARNING, hint,
		      "no level can be acted on: the step %s does nothing", names_action(action));
}

static void check_evict(struct reader *reader)
{
	if (has_step(reader->policy, ACTION_EVICT) && reader->policy->evict.n_by == 0)
		reader_report(reader, &reader->pressure_cpu, DIAG_ERROR,
			      "e.g. evict: {by: [kubernetes, kill]}, or leave the step out",
			      "the step evict has no way to evict: evict.by is empty");
}

/* Several offline levels may each be left their floor at the same time. */
static void check_floors(struct reader *reader)
{
	uint32_t floors = 0;

	for (int i = 0; i < LEVEL_COUNT; i++) {
		const struct level_policy *p = &reader->policy->levels[i];

		if (!p->defined)
			continue;
		floors += p->cpu.squeeze ? p->cpu.squeeze_floor_permille : 0;
		if (floors > WHOLE_PERMILLE && p->cpu.squeeze)
			reader_report(reader, &reader->fields[i][READER_FLOOR], DIAG_ERROR,
				      "lower one of them",
				      "the floors of all levels together are more than the node");
	}
}

void check_steps(struct reader *reader)
{
	check_floors(reader);
	check_evict(reader);
	/* What was refused looks like what was not given. */
	if (reader->diags->n_errors > 0)
		return;
	check_step(reader, ACTION_SQUEEZE_CPU, squeezes_cpu,
		   "give an offline level cpu: {squeeze: {target: 65%, floor: 2%}}");
	check_step(reader, ACTION_SQUEEZE_IO, squeezes_io,
		   "give an offline level io: {squeeze: {floor: 10%}}");
	check_step(reader, ACTION_SQUEEZE_MEMORY, is_offline, "define a level with role: offline");
	check_step(reader, ACTION_RECLAIM, is_offline, "define a level with role: offline");
	check_step(reader, ACTION_FREEZE, is_offline, "define a level with role: offline");
	check_step(reader, ACTION_EVICT, is_offline, "define a level with role: offline");
	check_step(reader, ACTION_KILL, is_offline, "define a level with role: offline");
}
