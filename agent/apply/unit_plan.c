// SPDX-License-Identifier: LGPL-2.1-or-later
// See unit_plan.h.
#include "agent/apply/unit_plan.h"

#define BIT(prop) (1u << (prop))
#define CPU_CARRIED (BIT(UNIT_PROP_CPU_QUOTA) | BIT(UNIT_PROP_CPU_PERIOD))

static void want(struct unit_values *v, enum unit_prop prop, uint64_t value)
{
	v->mask |= BIT(prop);
	v->value[prop] = value;
}

/* Somebody's cpu.max that systemd does not know of. Once colod told it, it is kept up to date while a
 * weight is told, and goes with the weight. */
static void add_carried(const struct unit *unit, const struct unit_answer *answer,
			const struct knob_value *max, struct unit_values *wanted)
{
	bool carried = unit->props[UNIT_PROP_CPU_QUOTA].set;
	uint64_t quota, has = answer->values.value[UNIT_PROP_CPU_QUOTA];

	if (!(wanted->mask & BIT(UNIT_PROP_CPU_WEIGHT)) || !max)
		return;
	quota = unit_prop_quota_of(max);
	if (quota == UNIT_PROP_UNSET || !(answer->values.mask & BIT(UNIT_PROP_CPU_QUOTA)))
		return;
	/* What systemd has of somebody else stays as it is. */
	if (!carried && has != UNIT_PROP_UNSET)
		return;
	want(wanted, UNIT_PROP_CPU_QUOTA, quota);
	want(wanted, UNIT_PROP_CPU_PERIOD, max->period_us);
}

static bool is_ours(const struct unit_told *t, uint64_t has)
{
	return t->set && (has == t->told || has == t->previous);
}

static void tell(struct unit_plan *plan, enum unit_prop prop, const struct unit_told *told)
{
	want(&plan->tell, prop, told->told);
	plan->told[prop] = *told;
}

static void plan_wanted(const struct unit_told *t, enum unit_prop prop, uint64_t has,
			uint64_t value, bool has_dropin, struct unit_plan *plan)
{
	struct unit_told told = *t;

	if (has == value)
		return;
	if (!t->set)
		told = (struct unit_told){.set = true, .made = !has_dropin, .before = has};
	else if (!is_ours(t, has))
		told.before = has;
	told.previous = is_ours(t, has) ? has : value;
	told.told = value;
	tell(plan, prop, &told);
}

static void plan_unwanted(const struct unit_told *t, enum unit_prop prop, uint64_t has,
			  struct unit_plan *plan)
{
	struct unit_told told = *t;

	if (!t->set)
		return;
	if (!is_ours(t, has)) {
		plan->forget |= BIT(prop);
		return;
	}
	/* Also where the value is the same already: the drop-in has to say so, and to go. */
	told.previous = has;
	told.told = t->before;
	plan->undone |= BIT(prop);
	tell(plan, prop, &told);
}

void unit_plan(const struct unit *unit, const struct unit_answer *answer,
	       const struct knob_value *max, uint32_t has_dropin, struct unit_plan *ret_plan)
{
	struct unit_values wanted = unit->wanted;

	*ret_plan = (struct unit_plan){0};
	add_carried(unit, answer, max, &wanted);
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		const struct unit_told *t = &unit->props[i];
		uint64_t has = answer->values.value[i];

		/* A systemd that does not have this property. */
		if (!(answer->values.mask & BIT(i)))
			continue;
		if (wanted.mask & BIT(i))
			plan_wanted(t, (enum unit_prop)i, has, wanted.value[i],
				    (has_dropin & BIT(i)) != 0, ret_plan);
		else
			plan_unwanted(t, (enum unit_prop)i, has, ret_plan);
	}
}

bool unit_plan_is_done(const struct unit *unit, const struct knob_value *max)
{
	if (unit->stale)
		return false;
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		bool wanted = (unit->wanted.mask & BIT(i)) != 0;

		if ((BIT(i) & CPU_CARRIED) && unit->props[i].set)
			continue;
		/* A property that systemd does not have is not waited for. */
		if (wanted ? (unit->now.mask & BIT(i)) &&
				     unit->now.value[i] != unit->wanted.value[i]
			   : unit->props[i].set)
			return false;
	}
	if (!unit->props[UNIT_PROP_CPU_QUOTA].set)
		return true;
	/* What is carried follows the one who set it. */
	return (unit->wanted.mask & BIT(UNIT_PROP_CPU_WEIGHT)) && max &&
	       unit->props[UNIT_PROP_CPU_QUOTA].told == unit_prop_quota_of(max);
}

void unit_plan_forget_told(const struct unit_plan *plan, struct knob_value values[KNOB_COUNT])
{
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		for (enum knob k = 0; k < KNOB_COUNT && (plan->undone & BIT(i)); k++) {
			struct knob_value told;

			if (unit_prop_tells((enum unit_prop)i, plan->told[i].previous, k, &told) &&
			    values[k].value == told.value)
				values[k].state = KNOB_UNREAD;
		}
	}
}
