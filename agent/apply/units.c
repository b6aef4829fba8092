// SPDX-License-Identifier: LGPL-2.1-or-later
// See units.h. The pass: which units systemd has to be asked about. What is done with its answers is in
// units_call.c.
#include "agent/apply/units_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/apply/unit_files.h"
#include "agent/apply/unit_name.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "policy/knob.h"

/* PID 1 has other work: units that are asked or told at the same time. */
#define IN_FLIGHT_MAX 32

/* --- start and end --------------------------------------------------------------------------- */

int units_new(struct apply *apply, int root_fd, int state_fd, struct units **ret_units)
{
	struct units *units = calloc(1, sizeof(*units));
	size_t n_bad;
	int r;

	if (!units)
		return -ENOMEM;
	units->apply = apply;
	units->root_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	if (units->root_fd < 0) {
		r = -errno;
		free(units);
		return r;
	}
	r = unit_table_open(&units->table, state_fd, &n_bad);
	if (r < 0) {
		units_free(units);
		return r;
	}
	if (n_bad > 0)
		log_warning(
			"units.records",
			"%zu lines of /run/colod/units were unreadable: what they say was told to "
			"systemd stays there. See: systemctl revert UNIT",
			n_bad);
	*ret_units = units;
	return 0;
}

static void give_up(void *context, struct unit *unit)
{
	struct units *units = context;

	if (!unit->slot)
		return;
	unit->slot = sd_bus_slot_unref(unit->slot);
	unit->stale = true;
	units->in_flight--;
}

static void end_telling(struct units *units)
{
	for (size_t i = 0; units->model && i < units->model->n_cgroups; i++)
		units->model->cgroups[i]->telling = false;
}

static void mark_stale(void *context, struct unit *unit)
{
	(void)context;
	unit->stale = true;
	unit->owner = UNIT_OWNER_UNKNOWN;
}

void units_set_bus(struct units *units, sd_bus *bus)
{
	if (units)
		units->looped = true;
	if (!units || units->bus == bus)
		return;
	unit_table_each(&units->table, give_up, units);
	end_telling(units);
	sd_bus_unref(units->bus);
	units->bus = sd_bus_ref(bus);
	if (bus)
		units->no_bus_said = false;
	/* systemd may have been told other things meanwhile. */
	unit_table_each(&units->table, mark_stale, NULL);
}

void units_free(struct units *units)
{
	if (!units)
		return;
	units_set_bus(units, NULL);
	if (units->table.buckets)
		unit_table_close(&units->table);
	cleanup_close_fd(units->root_fd);
	free(units);
}

void units_on_said(struct units *units, units_said_fn fn, void *context)
{
	if (!units)
		return;
	units->said = fn;
	units->said_context = context;
}

struct units_counts units_counts(const struct units *units)
{
	return units ? units->counts : (struct units_counts){0};
}

/* --- the pass -------------------------------------------------------------------------------- */

static bool may_be_unit(const struct cgroup *cg)
{
	return cg->parent && cg->kind != CGROUP_CONTAINER && unit_name_is_unit(cg->name) &&
	       !(cg->kind != CGROUP_POD && unit_name_is_container(cg->name));
}

static void told_of(const struct unit *unit, struct unit_values *ret_told)
{
	*ret_told = (struct unit_values){0};
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		ret_told->mask |= unit->props[i].set ? 1u << i : 0;
		ret_told->value[i] = unit->props[i].told;
	}
}

/* Somebody wrote over a knob: systemd may have been told something else. */
static void see_rewrites(struct unit *unit, const struct cgroup *cg)
{
	uint64_t sum = 0;

	for (int k = 0; k < KNOB_COUNT; k++)
		sum += cg->knobs[k].rewrites;
	if (sum != unit->rewrites)
		unit->stale = true;
	unit->rewrites = sum;
}

static bool may_ask(const struct units *units, const struct unit *unit)
{
	return units->bus && !unit->slot && units->now_us >= unit->next_us &&
	       units->in_flight < IN_FLIGHT_MAX;
}

/* What may not be told, because it would cost somebody the CPUs that he gave by hand. Files have it all the same. */
static uint32_t spare_sets(struct units *units, const struct unit *unit, const struct cgroup *cg,
			   const struct unit_values *wanted)
{
	uint32_t new = unit_family_new(unit, wanted);
	const struct cgroup *set;

	if (new == 0)
		return 0;
	if (!units->looked)
		unit_family_look(units->root_fd, units->model, &units->family);
	units->looked = true;
	set = unit_family_set(&units->family, cg);
	if (!set)
		return 0;
	if (!units->set_said)
		log_info(
			"units.cpuset",
			"%s: systemd is not told of it, nor of others near it: somebody wrote cpuset.cpus "
			"of %s by hand, which systemd would then empty. colod's values are in the files "
			"all the same. Let systemd know of these CPUs: systemctl set-property %s "
			"AllowedCPUs=...",
			cg->path, set->path, set->name);
	units->set_said = true;
	return new;
}

/* Over a hold of colod's, systemd wrote the limit that it had been told (a scope below the unit ended, say), and the pass
 * wants that limit now. Nothing is to be written, but the record says the hold's value still, and nobody would give
 * the limit back. */
static void own_told(struct units *units, struct cgroup *cg)
{
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		enum knob knob = unit_prop_knob((enum unit_prop)i, UNIT_PROP_UNSET);
		struct knob_state *s = knob == KNOB_COUNT ? NULL : &cg->knobs[knob];
		uint64_t page = units->apply->page_bytes;

		if (!s || !s->owned || !s->held || s->under_way || s->told.state != KNOB_KNOWN ||
		    s->now.state != KNOB_KNOWN || knob_equal(knob, &s->written, &s->now, page) ||
		    !knob_equal(knob, &s->told, &s->now, page))
			continue;
		if (apply_own(units->apply, cg->path, cg->inode, knob, s->held, &s->original,
			      &s->now, NULL) == 0)
			s->written = s->now;
	}
}

static void consider(struct units *units, struct cgroup *cg)
{
	static const struct unit_values nothing;
	struct unit *unit = unit_table_find(&units->table, cg->path);
	struct unit_values wanted, told = nothing;
	struct knob_value max;

	if (unit)
		told_of(unit, &told);
	unit_prop_wanted(cg, &told, &wanted);
	wanted.mask &= ~spare_sets(units, unit, cg, &wanted);
	if (!unit && wanted.mask != 0)
		unit = unit_table_get(&units->table, cg->path);
	if (!unit)
		return;
	own_told(units, cg);
	unit->seen = units->pass;
	unit->wanted = wanted;
	if (unit->inode != cg->inode) {
		unit->inode = cg->inode;
		unit->owner = UNIT_OWNER_UNKNOWN;
		unit->stale = true;
	}
	see_rewrites(unit, cg);
	units->counts.told += unit_table_any_set(unit);
	/* What systemd has not answered, it may not have done: it writes a unit's files until it has. */
	units->counts.waiting += unit->slot != NULL;
	if (unit->owner == UNIT_OWNER_NOBODY || unit->slot ||
	    unit_plan_is_done(unit, unit_prop_foreign_max(cg, &max) ? &max : NULL))
		return;
	units->counts.waiting++;
	if (may_ask(units, unit))
		units_ask(units, unit);
}

/* A unit whose cgroup is gone. Of a transient one nothing is left; another one's drop-ins would be
 * there when it starts again, and so would be one that systemd still writes because it was told late: it
 * does things in their order, so what it has not answered yet is waited for. What it still remembers of
 * the unit then is compared when that starts again. */
static void bury(void *context, struct unit *unit)
{
	struct units *units = context;
	bool kept = unit->kept && unit->inode != 0;
	bool done = unit->kept && unit->inode == 0 && unit_table_any_set(unit);

	if (unit->seen == units->pass || unit->slot ||
	    (unit->unsure ? !may_ask(units, unit) : done))
		return;
	/* The model may leave a cgroup out for other reasons. */
	if (fs_exists(units->apply->cgroup_fd, unit->path) != 0)
		return;
	if (unit->unsure) {
		units_ask(units, unit);
		return;
	}
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		if (!unit->props[i].set)
			continue;
		kept |= (unit_files_dropins(units->root_fd, unit->path) & (1u << i)) != 0;
		units_take_back_dropin(units, unit, (enum unit_prop)i, false);
	}
	unit->stale = true;
	unit->inode = 0;
	if (kept) {
		unit->kept = unit->unsure = true;
		return;
	}
	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		if (unit->props[i].set)
			(void)unit_table_end(&units->table, unit, (enum unit_prop)i);
	unit_table_drop(&units->table, unit);
}

static void say_no_bus(struct units *units)
{
	if (units->bus || !units->looped || units->counts.waiting == 0 || units->no_bus_said)
		return;
	units->no_bus_said = true;
	log_info(
		"units.bus",
		"there is no bus to tell systemd of %u units: colod's values are in their files alone, "
		"and are put back when systemd writes over them",
		units->counts.waiting);
}

void units_pass(struct units *units, struct model *model, int64_t now_us)
{
	if (!units)
		return;
	units->model = model;
	units->now_us = now_us;
	units->pass++;
	units->counts.waiting = 0;
	units->counts.told = 0;
	units->looked = false;
	for (size_t i = 0; i < model->n_cgroups; i++)
		if (may_be_unit(model->cgroups[i]))
			consider(units, model->cgroups[i]);
	unit_table_each(&units->table, bury, units);
	say_no_bus(units);
}
