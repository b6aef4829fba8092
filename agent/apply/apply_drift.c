// SPDX-License-Identifier: LGPL-2.1-or-later
// Others who write over colod's values: counted per knob, told from a fight by policy/fight.c, and a
// fight named with who it most likely is. Writes nothing itself.
#include "agent/apply/apply_state.h"

#include "agent/apply/unit_name.h"
#include "agent/base/log.h"
#include "policy/fight.h"
#include "policy/knob.h"

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

static void say_begin(const struct cgroup *cg, enum knob knob, const struct original *record)
{
	char theirs[KNOB_TEXT_SIZE], ours[KNOB_TEXT_SIZE];

	log_warning(
		"apply.fight",
		"%s %s: somebody writes %s over colod's %s again and again (%u times so far), most "
		"likely %s. From now on colod puts its value back only every 5 to 60 s; to end it, "
		"let one of the two leave this cgroup alone",
		cg->path, knob_name(knob),
		knob_format(knob, &cg->knobs[knob].now, theirs, sizeof(theirs)),
		knob_format(knob, &record->written, ours, sizeof(ours)), record->fight.rewrites,
		apply_drift_who(cg));
}

static void say_end(const struct cgroup *cg, enum knob knob, const struct fight *f, int64_t now_us)
{
	log_notice("apply.fight", "%s %s: the fight is over after %lld s, colod's value stands",
		   cg->path, knob_name(knob), (long long)((now_us - f->since_us) / 1000000));
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
		say_begin(cgroup, knob, record);
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
		say_end(cg, knob, &record->fight, apply->now_us);
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
