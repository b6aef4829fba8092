// SPDX-License-Identifier: LGPL-2.1-or-later
// See controllers.h. A missing file gets no entry in the plan, so without this nobody would hear
// that a rule has no effect.
#include "agent/controllers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/account.h"
#include "agent/base/log.h"
#include "policy/decide.h"
#include "policy/knob.h"

/* One knob per controller stands for it, with what of the level needs it. */
struct need {
	enum knob knob;
	enum capability capability;
	bool (*needs)(const struct level_policy *level, const struct pod *pod);
};

static bool needs_cpu(const struct level_policy *level, const struct pod *pod)
{
	return level->role == ROLE_OFFLINE || level->cpu.weight == WEIGHT_FIXED ||
	       (level->cpu.weight == WEIGHT_REQUEST &&
		pod->resources.cpu_request_milli.state == FACT_KNOWN);
}

static bool has_amount(const struct amount *amount, const struct pod *pod)
{
	return amount->kind == AMOUNT_REQUEST ? fact_has_value(&pod->resources.memory_request_bytes)
					      : amount->kind != AMOUNT_NONE;
}

static bool needs_memory(const struct level_policy *level, const struct pod *pod)
{
	return has_amount(&level->memory.min, pod) || has_amount(&level->memory.low, pod) ||
	       has_amount(&level->memory.high, pod);
}

static bool needs_io(const struct level_policy *level, const struct pod *pod)
{
	(void)pod;
	return level->io.weight != 0;
}

static const struct need needs[] = {
	{KNOB_CPU_WEIGHT, CAPABILITY_CPU, needs_cpu},
	{KNOB_MEMORY_LOW, CAPABILITY_MEMORY, needs_memory},
	{KNOB_IO_WEIGHT, CAPABILITY_IO_WEIGHT, needs_io},
};

#define N_NEEDS (sizeof(needs) / sizeof(needs[0]))

static bool grow(struct state *s, uint32_t n_slots)
{
	struct controllers_said *grown;

	if (n_slots <= s->n_controllers_said)
		return true;
	grown = realloc(s->controllers_said, n_slots * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + s->n_controllers_said, 0,
	       (n_slots - s->n_controllers_said) * sizeof(*grown));
	s->controllers_said = grown;
	s->n_controllers_said = n_slots;
	return true;
}

static bool check_one(struct state *s, struct model *model, const struct pod *pod, size_t n)
{
	struct controllers_said *said = &s->controllers_said[pod->slot];
	const char *owner = NULL;
	int r = -EPERM;

	if (said->serial != pod->serial)
		*said = (struct controllers_said){.serial = pod->serial};
	if (said->mask & (1u << n))
		return false;
	if (s->status.modes.by[knob_resource(needs[n].knob)] < MODE_PROTECT) {
		owner = "in mode protect colod looks whether it may enable it";
	} else {
		r = apply_enable_controller(s->apply, model, pod->cgroup, needs[n].knob, &owner);
		if (r == 1) {
			account_controller(s, pod, needs[n].knob);
			return true;
		}
	}
	said->mask |= 1u << n;
	if (r == 0 || r == -ENOENT || r == -ENODEV || r == -ESTALE)
		return false;
	log_warning(
		"controllers",
		"%s has no %s: its parent does not hand the controller down. Who can change that: %s",
		pod->cgroup->path, knob_name(needs[n].knob), owner ? owner : strerror(-r));
	return false;
}

static bool modes_changed(const struct state *s)
{
	return memcmp(s->controllers_modes.by, s->status.modes.by,
		      sizeof(s->controllers_modes.by)) != 0;
}

bool controllers_check(struct state *s)
{
	struct model *model = discover_model(s->discover);
	bool enabled = false;

	if (s->controllers_generation == model->generation && !modes_changed(s))
		return false;
	if (model->n_pods == 0 || !grow(s, model->n_slots))
		return false;
	/* What was only said in observe mode may be done, or refused, in another. */
	if (modes_changed(s))
		memset(s->controllers_said, 0,
		       s->n_controllers_said * sizeof(*s->controllers_said));
	s->controllers_generation = model->generation;
	s->controllers_modes = s->status.modes;
	for (size_t i = 0; i < model->n_pods; i++) {
		const struct pod *pod = model->pods[i];
		const struct assignment *a = plan_assignment(&s->plan, pod);

		if (a->state != ASSIGNMENT_LEVEL)
			continue;
		for (size_t n = 0; n < N_NEEDS; n++) {
			const struct level_policy *level = &s->policy->levels[a->level];

			/* In mode off nobody asked colod for anything: it has nothing to say. */
			if (s->status.modes.by[knob_resource(needs[n].knob)] > MODE_OFF &&
			    pod->cgroup->knobs[needs[n].knob].now.state == KNOB_MISSING &&
			    model_can(model, needs[n].capability) && needs[n].needs(level, pod))
				enabled |= check_one(s, model, pod, n);
		}
	}
	return enabled;
}
