// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_control.h. What is asked for is done by the loop, its pass included, before the reply goes
// out: whoever gets it may rely on what was undone.
#include "agent/serve/bus_control.h"

#include <errno.h>
#include <string.h>

#include "agent/base/sys.h"
#include "agent/serve/bus_polkit.h"
#include "agent/serve/bus_text.h"
#include "agent/serve/rungs.h"
#include "policy/mode.h"
#include "policy/names.h"
#include "policy/reason_text.h"

/* Longer words name no mode and no resource, and an error message quotes them. */
#define WORD_MAX 32

static const struct snapshot *snapshot_of(const struct bus *bus)
{
	const struct bus_ops *ops = bus_ops_of(bus);

	return ops->snapshot(ops->context);
}

static int append_row(sd_bus_message *reply, const char *contents, const char *const *texts)
{
	int r = sd_bus_message_open_container(reply, 'r', contents);

	for (size_t i = 0; contents[i] && r >= 0; i++)
		r = bus_text_append(reply, texts[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_control_get_modes(sd_bus *sdbus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *error)
{
	const struct status *s = snapshot_of(userdata)->status;
	int r = sd_bus_message_open_container(reply, 'a', "(sss)");

	(void)sdbus, (void)path, (void)interface, (void)property, (void)error;
	for (int i = 0; s && i < RESOURCE_MODES && r >= 0; i++) {
		const char *const texts[] = {
			names_mode_of((enum resource)i),
			names_mode(s->modes.by[i]),
			mode_why(&s->mode_says, &s->modes, (enum resource)i),
		};

		r = append_row(reply, "sss", texts);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_control_get_rungs(sd_bus *sdbus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *error)
{
	const struct snapshot *s = snapshot_of(userdata);
	int r = sd_bus_message_open_container(reply, 'a', "(sss)");
	char why[REASON_TEXT_SIZE];

	(void)sdbus, (void)path, (void)interface, (void)property, (void)error;
	for (int i = 0; s->ladders && i < RESOURCE_COUNT && r >= 0; i++) {
		const struct ladder *ladder = &s->ladders->of[i];
		const char *const texts[] = {
			names_resource((enum resource)i),
			names_rung(ladder->rung),
			reason_text(&ladder->reason, s->policy, why, sizeof(why)),
		};

		r = append_row(reply, "sss", texts);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_control_get_rung_times(sd_bus *sdbus, const char *path, const char *interface,
			       const char *property, sd_bus_message *reply, void *userdata,
			       sd_bus_error *error)
{
	const struct snapshot *s = snapshot_of(userdata);
	int r = sd_bus_message_open_container(reply, 'a', "(sxxx)");

	(void)sdbus, (void)path, (void)interface, (void)property, (void)error;
	for (int i = 0; s->ladders && i < RESOURCE_COUNT && r >= 0; i++)
		r = sd_bus_message_append(reply, "(sxxx)", names_resource((enum resource)i),
					  s->ladders->of[i].since_us,
					  rungs_at_least_until_us(s, (enum resource)i),
					  rungs_until_us(s, (enum resource)i));
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_say(sd_bus_message *reply, enum mode_source source, const char *scope,
		      const struct mode_say *say)
{
	const char *const texts[] = {
		names_mode_source(source),
		scope,
		names_mode(say->mode),
		say->why,
	};

	return say->given ? append_row(reply, "ssss", texts) : 0;
}

int bus_control_get_sources(sd_bus *sdbus, const char *path, const char *interface,
			    const char *property, sd_bus_message *reply, void *userdata,
			    sd_bus_error *error)
{
	const struct status *s = snapshot_of(userdata)->status;
	int r = sd_bus_message_open_container(reply, 'a', "(ssss)");

	(void)sdbus, (void)path, (void)interface, (void)property, (void)error;
	for (int i = 0; s && i < MODE_SOURCE_COUNT && r >= 0; i++) {
		r = append_say(reply, (enum mode_source)i, "all", &s->mode_says.all[i]);
		for (int k = 0; k < RESOURCE_MODES && r >= 0; k++)
			r = append_say(reply, (enum mode_source)i, names_mode_of((enum resource)k),
				       &s->mode_says.by[i][k]);
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static uint64_t mix(uint64_t hash, const struct mode_say *say)
{
	if (!say->given)
		return hash * 31;
	return (hash * 31 + (uint64_t)say->mode + 1) * 31 + bus_text_hash(say->why);
}

uint64_t bus_control_hash(const struct snapshot *snapshot)
{
	const struct status *s = snapshot->status;
	uint64_t hash = 0;

	for (int i = 0; s && i < MODE_SOURCE_COUNT; i++) {
		hash = mix(hash, &s->mode_says.all[i]);
		for (int k = 0; k < RESOURCE_MODES; k++)
			hash = mix(hash, &s->mode_says.by[i][k]);
	}
	return hash;
}

/* What is in force now for the scope that was spoken of, why, and what went wrong with the record. */
static int reply_with(sd_bus_message *call, const struct bus *bus, enum resource resource,
		      int unrecorded)
{
	const struct status *s = snapshot_of(bus)->status;
	const char *why = s ? mode_why(&s->mode_says, &s->modes, resource) : "";
	enum mode mode = !s ? MODE_INVALID : resource < 0 ? s->modes.all : s->modes.by[resource];
	char note[256] = "";

	if (unrecorded < 0)
		(void)snprintf(note, sizeof(note),
			       "it is in force, but /run/colod/control cannot be written (%s): a "
			       "restart of colod forgets it",
			       strerror(-unrecorded));
	return sys_bus(sd_bus_reply_method_return(call, "sss", names_mode(mode), why, note));
}

int bus_control_set_mode(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const struct bus_polkit_ask ask = {call, BUS_ACTION_SET_MODE, bus_control_set_mode,
					   userdata};
	const struct bus_ops *ops = bus_ops_of(userdata);
	struct history_caller caller;
	const char *scope, *word;
	int mode, resource, r = sd_bus_message_read(call, "ss", &scope, &word);

	if (r < 0)
		return r;
	if (strlen(scope) > WORD_MAX || strlen(word) > WORD_MAX)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"no resource and no mode has a name as long as this");
	resource = names_mode_of_from(scope);
	if (resource < 0 && scope[0] && strcmp(scope, "all") != 0)
		return sd_bus_error_setf(
			error, SD_BUS_ERROR_INVALID_ARGS,
			"'%s' is no resource: expected all, cpu, memory, io or net", scope);
	mode = names_mode_from(word);
	if (mode < 0)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "'%s' is no mode: expected off, observe, protect, squeeze "
					 "or full",
					 word);
	r = bus_polkit_may(bus_polkit_of(userdata), &ask, &caller, error);
	if (r <= 0)
		return bus_polkit_later(r);
	r = ops->set_mode(ops->context, resource < 0 ? RESOURCE_INVALID : (enum resource)resource,
			  (enum mode)mode, &caller);
	return reply_with(call, userdata, resource < 0 ? RESOURCE_INVALID : (enum resource)resource,
			  r);
}

int bus_control_pause(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const struct bus_polkit_ask ask = {call, BUS_ACTION_SET_MODE, bus_control_pause, userdata};
	const struct bus_ops *ops = bus_ops_of(userdata);
	struct history_caller caller;
	uint64_t seconds;
	int r = sd_bus_message_read(call, "t", &seconds);

	if (r < 0)
		return r;
	if (seconds > BUS_PAUSE_MAX_S)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"a pause lasts at most 366 days; 0 is one without an end");
	r = bus_polkit_may(bus_polkit_of(userdata), &ask, &caller, error);
	if (r <= 0)
		return bus_polkit_later(r);
	r = ops->pause(ops->context, seconds, &caller);
	return reply_with(call, userdata, RESOURCE_INVALID, r);
}

int bus_control_resume(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const struct bus_ops *ops = bus_ops_of(userdata);
	struct history_caller caller;
	const struct bus_polkit_ask ask = {call, BUS_ACTION_SET_MODE, bus_control_resume, userdata};
	int r = bus_polkit_may(bus_polkit_of(userdata), &ask, &caller, error);

	if (r <= 0)
		return bus_polkit_later(r);
	r = ops->resume(ops->context, &caller);
	return reply_with(call, userdata, RESOURCE_INVALID, r);
}
