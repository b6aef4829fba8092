// SPDX-License-Identifier: LGPL-2.1-or-later
// What is done with systemd's answers: plan, write down, tell, and mend what systemd wiped with it. Called
// from the event loop, between two passes.
#include "agent/apply/units_state.h"

#include <errno.h>
#include <string.h>

#include "agent/apply/unit_files.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"
#include "policy/knob.h"

/* Between two calls for one unit. */
#define SPACING_US 5000000
/* After a refusal. */
#define RETRY_US 60000000

#define TEXT_SIZE 512

/* --- shared steps ---------------------------------------------------------------------------- */

unsigned units_controllers(const struct unit_values *values)
{
	unsigned mask = 0;

	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		if (values->mask & (1u << i))
			mask |= unit_prop_controller((enum unit_prop)i);
	return mask;
}

int units_open(struct units *units, const struct unit *unit, const struct unit_answer *answer,
	       int *ret_fd)
{
	if (answer->control_group[0] != '/' || strcmp(answer->control_group + 1, unit->path) != 0)
		return -ENOENT;
	return fs_open_dir(units->apply->cgroup_fd, unit->path, ret_fd);
}

uint32_t units_told_knobs(const struct unit *unit, const struct unit_plan *plan)
{
	uint32_t mask = 0;

	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		enum knob knob = unit_prop_knob((enum unit_prop)i, 1);

		if (knob != KNOB_COUNT && (unit->props[i].set || (plan->tell.mask & (1u << i))))
			mask |= 1u << knob;
	}
	return mask;
}

int units_record(struct units *units, struct unit *unit, const struct unit_plan *plan)
{
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		int r;

		if (!(plan->tell.mask & (1u << i)))
			continue;
		r = unit_table_own(&units->table, unit, (enum unit_prop)i, &plan->told[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

bool units_is_answer(int r)
{
	return r != -ETIMEDOUT && r != -ENOTCONN && r != -ECONNRESET;
}

void units_take_back_dropin(struct units *units, const struct unit *unit, enum unit_prop prop,
			    bool by_systemd)
{
	const struct unit_told *told = &unit->props[prop];
	int r = 0;

	if (told->made)
		r = unit_files_delete_dropin(units->root_fd, unit->path, prop);
	else if (!by_systemd)
		r = unit_files_write_dropin(units->root_fd, unit->path, prop, told->before);
	if (r < 0)
		log_warning(
			"units.dropin",
			"%s: the drop-in of %s could not be taken back (%s): see systemctl cat and "
			"systemctl revert",
			unit->path, unit_prop_name(prop), strerror(-r));
}

void units_settle(struct units *units, struct unit *unit, uint32_t undone, uint32_t forget,
		  bool by_systemd)
{
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		uint32_t bit = 1u << i;

		if (!unit->props[i].set || !((undone | forget) & bit))
			continue;
		if (undone & bit)
			units_take_back_dropin(units, unit, (enum unit_prop)i, by_systemd);
		(void)unit_table_end(&units->table, unit, (enum unit_prop)i);
	}
}

/* --- answers --------------------------------------------------------------------------------- */

static struct cgroup *cgroup_of(const struct units *units, const struct unit *unit)
{
	for (size_t i = 0; units->model && i < units->model->n_cgroups; i++) {
		struct cgroup *cg = units->model->cgroups[i];

		if (cg->inode == unit->inode && strcmp(cg->path, unit->path) == 0)
			return cg;
	}
	return NULL;
}

/* A refusal is said once until systemd takes something. */
static void say(struct units *units, struct unit *unit, bool undone, int error)
{
	char what[TEXT_SIZE];

	if (units->said && (error == 0 || !unit->said))
		units->said(units->said_context, unit->path,
			    unit_call_text(&unit->call, what, sizeof(what)), undone, error);
	unit->said = error < 0;
}

static void end_call(struct units *units, struct unit *unit, int64_t pause_us)
{
	unit->slot = sd_bus_slot_unref(unit->slot);
	unit->next_us = units->now_us + pause_us;
	units->in_flight--;
}

/* What the call was to make systemd agree with, as this knob shows it; NULL where it was none. */
static const struct knob_value *told_value(const struct unit *unit, enum knob knob,
					   struct knob_value *buf)
{
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		if ((unit->call.mask & ~unit->undoing & (1u << i)) &&
		    unit_prop_tells((enum unit_prop)i, unit->call.value[i], knob, buf))
			return buf;
	}
	return NULL;
}

/* A pass gave this knob back, or gave it a newer value, while systemd was at work, which then wrote once more what it had
 * been told. What the kernel would reclaim for, here and now, is not lowered. */
static void write_again(const struct units *units, const struct unit *unit, int dir_fd,
			const struct knob_state *s, enum knob knob, struct knob_value *there)
{
	struct knob_value buf;
	const struct knob_value *told = told_value(unit, knob, &buf);
	const struct knob_value *want = s->owned ? &s->written : &s->now;

	if (!told || s->contested || want->state != KNOB_KNOWN ||
	    !knob_equal(knob, told, there, units->apply->page_bytes) ||
	    knob_equal(knob, want, there, units->apply->page_bytes) ||
	    (writer_of(knob)->step && want->value < there->value))
		return;
	if (writer_write(dir_fd, writer_of(knob), want) == 0)
		*there = *want;
}

/* Also of what is in nobody's order any more. Where a file does not show what the model says, the next pass reads it
 * before it decides. */
static void look_after(const struct units *units, const struct unit *unit, int dir_fd,
		       struct cgroup *cg)
{
	unsigned controllers = units_controllers(&unit->call);

	for (enum knob k = 0; k < KNOB_COUNT; k++) {
		struct knob_state *s = &cg->knobs[k];
		struct knob_value there;

		if (!(knob_controller(k) & controllers) || s->now.state != KNOB_KNOWN ||
		    s->under_way || !writer_of(k) || writer_is_hidden(dir_fd, k) ||
		    writer_read_of(dir_fd, k, &s->now, &there) < 0)
			continue;
		write_again(units, unit, dir_fd, s, k, &there);
		if (!knob_equal(k, &s->now, &there, units->apply->page_bytes))
			s->now.state = KNOB_UNREAD;
	}
}

/* systemd wrote all knobs of the controllers: back to what was there before, or is colod's. */
static void mend(struct units *units, struct unit *unit)
{
	_cleanup_close_ int dir_fd = -EBADF;
	struct cgroup *cg = cgroup_of(units, unit);

	/* Another cgroup by now: what the former one had is none of its. */
	if (!cg || cg->inode != unit->call_inode ||
	    apply_open(units->apply, cg->path, cg->inode, &dir_fd) < 0)
		return;
	unit_files_spare(dir_fd, &unit->now, unit->before_call, units->apply->page_bytes);
	for (int k = 0; k < KNOB_COUNT; k++) {
		const struct knob_state *s = &cg->knobs[k];

		/* Passes may have gone on while systemd was at work. */
		if (s->owned && !s->contested && unit->before_call[k].state == KNOB_KNOWN)
			unit->before_call[k] = s->written;
	}
	(void)unit_files_put_back(dir_fd, unit->before_call, units->apply->page_bytes);
	look_after(units, unit, dir_fd, cg);
}

static int on_told(sd_bus_message *reply, void *context, sd_bus_error *error)
{
	struct unit *unit = context;
	struct units *units = unit->units;
	struct cgroup *cg = cgroup_of(units, unit);
	int r = unit_call_error(sd_bus_message_get_error(reply));

	(void)error;
	end_call(units, unit, r < 0 && r != -ESTALE ? RETRY_US : SPACING_US);
	unit->unsure = !units_is_answer(r);
	unit_prop_take(&unit->now, &unit->call);
	mend(units, unit);
	if (cg)
		cg->telling = false;
	if (r < 0)
		unit->stale = true;
	/* It ended meanwhile, and systemd did nothing: what is gone is no refusal. */
	if (r == -ESTALE)
		return 0;
	units->counts.refusals += r < 0;
	units->counts.calls += r >= 0;
	if (r >= 0)
		units_settle(units, unit, unit->undoing, 0, true);
	say(units, unit, unit->undoing == unit->call.mask, r);
	return 0;
}

static int send_call(struct units *units, struct unit *unit, sd_bus_message *call,
		     sd_bus_message_handler_t handler)
{
	int r = sys_bus(sd_bus_call_async(units->bus, &unit->slot, call, handler, unit,
					  UNIT_CALL_TIMEOUT_US));

	if (r < 0)
		return r;
	unit->units = units;
	units->in_flight++;
	return 0;
}

static void report_no_record(struct units *units, int error)
{
	if (!units->no_record_said)
		log_err("units.record",
			"what systemd has cannot be written down (%s), so it is told nothing: make room "
			"in /run/colod",
			strerror(-error));
	units->no_record_said = true;
}

/* For apply, which may find these values in the files later. */
static void note_told(struct cgroup *cg, const struct unit_plan *plan)
{
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		for (enum knob k = 0; k < KNOB_COUNT && (plan->tell.mask & (1u << i)); k++) {
			struct knob_value told;

			if (!unit_prop_tells((enum unit_prop)i, plan->tell.value[i], k, &told))
				continue;
			cg->knobs[k].told = told;
			if (plan->undone & (1u << i))
				cg->knobs[k].told.state = KNOB_UNREAD;
		}
	}
}

static void tell(struct units *units, struct unit *unit, struct cgroup *cg, int dir_fd,
		 const struct unit_answer *answer, const struct unit_plan *plan)
{
	sd_bus_message *call = NULL;
	int r = units_record(units, unit, plan);

	if (r < 0) {
		report_no_record(units, r);
		return;
	}
	units->no_record_said = false;
	unit->call = plan->tell;
	unit->undoing = plan->undone;
	unit_files_read(dir_fd, units_controllers(&plan->tell), unit->before_call);
	unit_plan_forget_told(plan, unit->before_call);
	r = unit_call_tell(units->bus, unit->path, answer->invocation, &plan->tell, &call);
	if (r >= 0)
		r = send_call(units, unit, call, on_told);
	sd_bus_message_unref(call);
	if (r < 0) {
		unit->stale = true;
		return;
	}
	unit->unsure = true;
	unit->call_inode = cg->inode;
	note_told(cg, plan);
	cg->telling = true;
}

/* Memory properties are neither told nor taken back where systemd would then write over a limit that
 * somebody put into a file: it could be below what is in use. */
static void spare_foreign_memory(struct units *units, struct unit *unit, const struct cgroup *cg,
				 int dir_fd, const struct unit_answer *answer,
				 struct unit_plan *plan)
{
	uint32_t owned = 0, memory = 0;
	const char *file;

	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		if (unit_prop_controller((enum unit_prop)i) == CONTROLLER_MEMORY)
			memory |= 1u << i;
	for (int k = 0; k < KNOB_COUNT; k++)
		owned |= cg->knobs[k].owned ? 1u << k : 0;
	owned |= units_told_knobs(unit, plan);
	file = plan->tell.mask & memory
		       ? unit_files_memory_foreign(dir_fd, answer, owned, units->apply->page_bytes)
		       : NULL;
	if (!file)
		return;
	/* What was told earlier goes with the drop-in, at the next daemon-reload. */
	units_settle(units, unit, plan->undone & memory, 0, false);
	plan->tell.mask &= ~memory;
	plan->undone &= ~memory;
	/* It may be so for ever: no reason to ask every few seconds. */
	unit->next_us = units->now_us + RETRY_US;
	if (!unit->said)
		log_info(
			"units.files",
			"%s: systemd is not told of memory: somebody wrote %s behind its back, and it "
			"would write its own value there. colod's values are in the files all the same",
			unit->path, file);
	unit->said = true;
}

static void act_on_answer(struct units *units, struct unit *unit, const struct unit_answer *answer)
{
	_cleanup_close_ int dir_fd = -EBADF;
	struct cgroup *cg = cgroup_of(units, unit);
	struct knob_value max;
	struct unit_plan plan;

	if (!cg || apply_open(units->apply, cg->path, cg->inode, &dir_fd) < 0)
		return;
	unit_plan(unit, answer, unit_prop_foreign_max(cg, &max) ? &max : NULL,
		  unit_files_dropins(units->root_fd, unit->path), &plan);
	spare_foreign_memory(units, unit, cg, dir_fd, answer, &plan);
	units_settle(units, unit, 0, plan.forget, true);
	unit->now = answer->values;
	unit->stale = false;
	if (plan.tell.mask != 0)
		tell(units, unit, cg, dir_fd, answer, &plan);
}

/* The unit is not active. What systemd does not remember of it, or has as before, is not colod's. */
static void forget_unremembered(struct units *units, struct unit *unit,
				const struct unit_answer *answer)
{
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		const struct unit_told *t = &unit->props[i];
		uint64_t has = answer->values.value[i];

		if (t->set && (!(answer->values.mask & (1u << i)) || has == t->before ||
			       (has != t->told && has != t->previous)))
			(void)unit_table_end(&units->table, unit, (enum unit_prop)i);
	}
}

static int on_answer(sd_bus_message *reply, void *context, sd_bus_error *error)
{
	struct unit *unit = context;
	struct units *units = unit->units;
	struct unit_answer answer;
	int r = unit_call_answer(reply, &answer);

	(void)error;
	end_call(units, unit, r < 0 ? RETRY_US : SPACING_US);
	unit->unsure = !units_is_answer(r);
	if (r < 0) {
		log_debug("units.ask", "%s: %s", unit->path, strerror(-r));
		return 0;
	}
	if (answer.control_group[0] != '/' || strcmp(answer.control_group + 1, unit->path) != 0) {
		/* Of a systemd in a container, or nobody's: the name only looks like a unit's. */
		unit->owner = UNIT_OWNER_NOBODY;
		unit->stale = false;
		if (unit->kept && unit->inode == 0)
			forget_unremembered(units, unit, &answer);
		return 0;
	}
	unit->owner = UNIT_OWNER_SYSTEMD;
	act_on_answer(units, unit, &answer);
	return 0;
}

void units_ask(struct units *units, struct unit *unit)
{
	sd_bus_message *call = NULL;
	int r = unit_call_ask(units->bus, unit->path, &call);

	if (r >= 0)
		r = send_call(units, unit, call, on_answer);
	sd_bus_message_unref(call);
	if (r < 0)
		unit->next_us = units->now_us + SPACING_US;
}
