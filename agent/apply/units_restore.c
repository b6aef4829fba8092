// SPDX-License-Identifier: LGPL-2.1-or-later
// units_restore(): what systemd was told is taken back, without an event loop, from the records alone. Also
// for `colod restore`, where the daemon is gone.
#include "agent/apply/units_state.h"

#include <errno.h>
#include <string.h>

#include "agent/apply/unit_files.h"
#include "agent/base/cleanup.h"
#include "agent/base/fs.h"
#include "agent/base/log.h"
#include "agent/base/sys.h"

/* For all units together: a systemd that does not answer must not hold up a stop. */
#define PATIENCE_CALLS 2

struct restore {
	struct units *units;
	sd_bus *bus;
	int error;	 /* of the bus, said once */
	unsigned silent; /* calls that got no answer */
	struct units_restored done;
};

static void unref_message(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}

static size_t count_set(const struct unit *unit, uint32_t mask)
{
	size_t n = 0;

	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		n += unit->props[i].set && (mask & (1u << i));
	return n;
}

/* 0 with the reply, or -errno. */
static int call(struct restore *r, sd_bus_message *m, sd_bus_message **ret_reply)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int e;

	if (!r->bus || r->silent >= PATIENCE_CALLS)
		return -ENOTCONN;
	e = sys_bus(sd_bus_call(r->bus, m, UNIT_CALL_TIMEOUT_US, &error, ret_reply));
	e = sd_bus_error_is_set(&error) ? unit_call_error(&error) : e;
	sd_bus_error_free(&error);
	r->silent += !units_is_answer(e);
	return e < 0 ? e : 0;
}

static int ask(struct restore *r, const struct unit *unit, struct unit_answer *ret_answer)
{
	_cleanup_(unref_message) sd_bus_message *m = NULL, *reply = NULL;
	int e = r->bus ? unit_call_ask(r->bus, unit->path, &m) : -ENOTCONN;

	if (e >= 0)
		e = call(r, m, &reply);
	return e < 0 ? e : unit_call_answer(reply, ret_answer);
}

/* All of them, or -errno. What systemd writes along with them is put back. */
static int tell(struct restore *r, struct unit *unit, int dir_fd, const struct unit_answer *answer,
		const struct unit_plan *plan)
{
	_cleanup_(unref_message) sd_bus_message *m = NULL, *reply = NULL;
	struct knob_value before[KNOB_COUNT];
	int e = units_record(r->units, unit, plan);

	/* Giving back must not depend on room for a record: a kill now would leave a drop-in that says
	 * what systemd has anyway. */
	if (e < 0)
		log_debug("units.record", "%s: %s", unit->path, strerror(-e));
	unit_files_read(dir_fd, units_controllers(&plan->tell), before);
	unit_plan_forget_told(plan, before);
	e = unit_call_tell(r->bus, unit->path, answer->invocation, &plan->tell, &m);
	if (e >= 0)
		e = call(r, m, &reply);
	unit->now = answer->values;
	unit_prop_take(&unit->now, &plan->tell);
	unit_files_spare(dir_fd, &unit->now, before, r->units->apply->page_bytes);
	(void)unit_files_put_back(dir_fd, before, r->units->apply->page_bytes);
	return e < 0 ? e : 0;
}

static void say_left(const struct unit *unit, const char *why)
{
	log_warning("units.left", "%s: %s", unit->path, why);
}

static uint32_t memory_mask(void)
{
	uint32_t mask = 0;

	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		if (unit_prop_controller((enum unit_prop)i) == CONTROLLER_MEMORY)
			mask |= 1u << i;
	return mask;
}

/* Of what is not colod's any more: what is not as before either. */
static uint32_t set_since(const struct unit *unit, const struct unit_answer *answer, uint32_t mask)
{
	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		if (answer->values.value[i] == unit->props[i].before)
			mask &= ~(1u << i);
	return mask;
}

/* systemd said nothing: it may still do what it was told, so the record stays for the next one to try. */
static void leave_recorded(struct restore *r, struct unit *unit, uint32_t undone)
{
	for (int i = 0; i < UNIT_PROP_COUNT; i++)
		if (unit->props[i].set && (undone & (1u << i)))
			units_take_back_dropin(r->units, unit, (enum unit_prop)i, false);
}

static void restore_active(struct restore *r, struct unit *unit, int dir_fd,
			   const struct unit_answer *answer)
{
	struct unit_plan plan;
	uint32_t spared = 0, theirs;
	size_t n_told;
	int e = 0;

	memset(&unit->wanted, 0, sizeof(unit->wanted));
	unit_plan(unit, answer, NULL, 0, &plan);
	if ((plan.tell.mask & memory_mask()) &&
	    unit_files_memory_foreign(dir_fd, answer, units_told_knobs(unit, &plan),
				      r->units->apply->page_bytes)) {
		spared = plan.tell.mask & memory_mask();
		plan.tell.mask &= ~spared;
		plan.undone &= ~spared;
		say_left(unit, "memory limits were written behind systemd's back, so it keeps "
			       "colod's memory protection until the next systemctl daemon-reload");
	}
	n_told = count_set(unit, plan.tell.mask);
	theirs = set_since(unit, answer, plan.forget);
	r->done.foreign += count_set(unit, theirs);
	r->done.failed += count_set(unit, spared);
	r->done.restored += count_set(unit, plan.forget & ~theirs);
	if (theirs)
		say_left(unit, "somebody set it anew since: left as it is");
	if (plan.tell.mask)
		e = tell(r, unit, dir_fd, answer, &plan);
	if (e == 0) {
		r->done.restored += n_told;
	} else if (e == -ESTALE) {
		r->done.gone += n_told;
	} else {
		r->done.failed += n_told;
		say_left(unit, "systemd could not be told; it keeps colod's values until the next "
			       "colod restore or systemctl daemon-reload");
	}
	if (units_is_answer(e)) {
		units_settle(r->units, unit, plan.undone, plan.forget, e == 0);
	} else {
		leave_recorded(r, unit, plan.undone);
		units_settle(r->units, unit, 0, plan.forget, false);
	}
	units_settle(r->units, unit, spared, 0, false);
}

static void restore_unit(void *context, struct unit *unit)
{
	struct restore *r = context;
	_cleanup_close_ int dir_fd = -EBADF;
	size_t n = count_set(unit, UINT32_MAX);
	struct unit_answer answer;
	int e;

	if (n == 0)
		return;
	r->done.written += n;
	e = ask(r, unit, &answer);
	if (e == 0 && units_open(r->units, unit, &answer, &dir_fd) == 0) {
		restore_active(r, unit, dir_fd, &answer);
		return;
	}
	if (e < 0 && fs_exists(r->units->apply->cgroup_fd, unit->path) == 1) {
		r->done.failed += n;
		if (!r->error)
			say_left(
				unit,
				"systemd does not answer; it keeps what colod told it of this unit "
				"and perhaps others until the next colod restore or systemctl "
				"daemon-reload");
		r->error = e;
	} else {
		r->done.gone += n;
	}
	/* Without systemd's help the drop-ins go, and with the next daemon-reload what it remembers. */
	if (r->bus && !units_is_answer(e))
		leave_recorded(r, unit, UINT32_MAX);
	else
		units_settle(r->units, unit, UINT32_MAX, 0, false);
}

int units_restore(struct units *units, struct units_restored *ret_restored)
{
	struct restore restore = {.units = units};

	*ret_restored = restore.done;
	if (!units || units->table.n == 0)
		return 0;
	units_set_bus(units, NULL);
	if (sys_bus(sd_bus_open_system(&restore.bus)) < 0)
		restore.bus = NULL;
	unit_table_each(&units->table, restore_unit, &restore);
	sd_bus_flush_close_unref(restore.bus);
	(void)unit_table_compact(&units->table);
	*ret_restored = restore.done;
	return 0;
}
