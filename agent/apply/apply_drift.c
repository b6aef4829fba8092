// SPDX-License-Identifier: LGPL-2.1-or-later
// Others who write over colod's values: counted per knob, told from a fight by policy/fight.c, and a
// fight named with who it most likely is. Writes nothing itself.
#include "agent/apply/apply_state.h"

#include <stdio.h>

#include "agent/apply/unit_name.h"
#include "policy/fight.h"
#include "policy/knob.h"

#define WHY_SIZE 320

static bool is_kubelets(const struct cgroup *cg)
{
	return cg->kind == CGROUP_KUBEPODS || cg->kind == CGROUP_QOS ||
	       (cg->kind == CGROUP_POD && cg->pod && cg->pod->kind == POD_KUBERNETES);
}

const char *apply_drift_who(const struct cgroup *cg)
{
	bool unit = unit_name_is_unit(cg->name);

	if (unit_name_is_container(cg->name))
		return "the container runtime";
	if (is_kubelets(cg))
		return unit ? "the kubelet (through systemd), or systemctl set-property"
			    : "the kubelet";
	if (unit)
		return "systemd: systemctl set-property on this unit, or a daemon-reload again and "
		       "again";
	return "whoever made this cgroup";
}

static void tell(const struct apply *apply, const struct cgroup *cg, enum knob knob,
		 const struct original *record, const struct knob_value *theirs, const char *why)
{
	const struct apply_event event = {
		.kind = HISTORY_FIGHT,
		.path = cg->path,
		.cgroup = cg,
		.knob = knob,
		.effect = record->held ? EFFECT_HOLD : EFFECT_COUNT,
		.from = &record->written,
		.to = theirs,
		.why = why,
	};

	apply_tell(apply, &event);
}

static void tell_begin(const struct apply *apply, const struct cgroup *cg, enum knob knob,
		       const struct original *record)
{
	char why[WHY_SIZE];

	(void)snprintf(why, sizeof(why),
		       "%u times so far, most likely %s. From now on colod puts its value back "
		       "only every 5 to 60 s; to end it, let one of the two leave this cgroup "
		       "alone",
		       record->fight.rewrites, apply_drift_who(cg));
	tell(apply, cg, knob, record, &cg->knobs[knob].now, why);
}

static void tell_end(const struct apply *apply, const struct cgroup *cg, enum knob knob,
		     const struct original *record)
{
	char why[WHY_SIZE];

	(void)snprintf(why, sizeof(why), "the fight is over after %lld s, colod's value stands",
		       (long long)((apply->now_us - record->fight.since_us) / 1000000));
	tell(apply, cg, knob, record, NULL, why);
}

bool apply_drift_may_repair(struct apply *apply, struct cgroup *cgroup, enum knob knob,
			    struct original *record)
{
	struct knob_state *s = &cgroup->knobs[knob];
	struct fight *f = &record->fight;
	uint32_t before = f->rewrites;
	enum fight_verdict verdict = fight_rewritten(f, apply->now_us);

	apply->drift.rewrites += f->rewrites - before;
	s->rewrites = f->rewrites;
	s->contested = f->on;
	if (verdict == FIGHT_BEGINS) {
		apply->drift.fights++;
		apply->drift.contested++;
		tell_begin(apply, cgroup, knob, record);
	}
	return verdict == FIGHT_REPAIR;
}

/* One contested knob; true while it still is. */
static bool still_contested(struct apply *apply, struct cgroup *cg, enum knob knob)
{
	struct knob_state *s = &cg->knobs[knob];
	struct original *record = originals_find(&apply->originals, cg->path, cg->inode, knob);

	if (!record) {
		s->contested = false;
		return false;
	}
	if (s->now.state == KNOB_KNOWN && originals_is_ours(record, &s->now, apply->page_bytes) &&
	    fight_stands(&record->fight, apply->now_us)) {
		tell_end(apply, cg, knob, record);
		s->contested = false;
	}
	return s->contested;
}

void apply_look_at_fights(struct apply *apply, struct model *model)
{
	uint32_t n = 0;

	if (apply->drift.contested == 0)
		return;
	for (size_t i = 0; i < model->n_cgroups; i++)
		for (int k = 0; k < KNOB_COUNT; k++)
			if (model->cgroups[i]->knobs[k].contested)
				n += still_contested(apply, model->cgroups[i], (enum knob)k);
	apply->drift.contested = n;
}

struct apply_drift apply_drift(const struct apply *apply)
{
	return apply->drift;
}
