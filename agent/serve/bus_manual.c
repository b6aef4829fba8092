// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_manual.h. The pod is looked for once more when polkit has answered: it may be gone by then.
#include "agent/serve/bus_manual.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "agent/base/sys.h"
#include "agent/serve/bus_polkit.h"
#include "agent/serve/bus_text.h"
#include "agent/serve/bus_why.h"
#include "colod/manual.h"
#include "policy/manual.h"
#include "policy/names.h"
#include "policy/reason_text.h"

#define WORD_MAX 32

static const struct snapshot *snapshot_of(const struct bus *bus)
{
	const struct bus_ops *ops = bus_ops_of(bus);

	return ops->snapshot(ops->context);
}

static int too_long(sd_bus_error *error)
{
	return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
				 "an order lasts at most %u h; 0 is %u min", MANUAL_MOST_S / 3600,
				 MANUAL_DEFAULT_S / 60);
}

/* After the arguments were read: who may, then the order, then the answer. */
static int give(struct bus *bus, const struct bus_polkit_ask *may, const struct manual_ask *ask,
		sd_bus_error *error)
{
	const struct bus_ops *ops = bus_ops_of(bus);
	struct history_caller caller;
	struct manual_answer answer;
	int r = bus_polkit_may(bus_polkit_of(bus), may, &caller, error);

	if (r <= 0)
		return bus_polkit_later(r);
	r = ops->order(ops->context, ask, &caller, &answer);
	if (r == -EPERM)
		return sd_bus_error_set(error, BUS_ERROR_REFUSED, answer.text);
	if (r < 0)
		return r;
	return sys_bus(
		sd_bus_reply_method_return(may->call, "ts", answer.until_wall_us, answer.text));
}

static int order(sd_bus_message *call, struct bus *bus, enum manual_kind kind,
		 sd_bus_message_handler_t handler, sd_bus_error *error)
{
	const struct bus_polkit_ask may = {
		call, kind == MANUAL_LEVEL ? BUS_ACTION_SET_LEVEL : BUS_ACTION_HOLD, handler, bus};
	struct manual_ask ask = {.kind = kind, .level = LEVEL_NONE};
	const char *word, *level = "";
	int r, number;

	r = sd_bus_message_read(call, "s", &word);
	if (r >= 0 && kind == MANUAL_LEVEL)
		r = sd_bus_message_read(call, "s", &level);
	if (r >= 0)
		r = sd_bus_message_read(call, "t", &ask.seconds);
	if (r < 0)
		return r;
	if (ask.seconds > MANUAL_MOST_S)
		return too_long(error);
	if (kind == MANUAL_LEVEL) {
		number = strlen(level) > WORD_MAX ? -EINVAL : names_level_from(level);
		if (number < 0)
			return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
						"there is no such level: expected P0 to P7");
		ask.level = (enum level)number;
	}
	r = bus_why_find(snapshot_of(bus), word, &ask.pod, error);
	return r < 0 ? r : give(bus, &may, &ask, error);
}

int bus_manual_set_level(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return order(call, userdata, MANUAL_LEVEL, bus_manual_set_level, error);
}

int bus_manual_squeeze(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return order(call, userdata, MANUAL_SQUEEZE, bus_manual_squeeze, error);
}

int bus_manual_freeze(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return order(call, userdata, MANUAL_FREEZE, bus_manual_freeze, error);
}

int bus_manual_thaw(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return order(call, userdata, MANUAL_THAW, bus_manual_thaw, error);
}

/* Whoever may order what stands there may end it. */
static enum bus_action action_to_release(const struct snapshot *s, const struct pod *pod)
{
	return manual_find(s->model->manual, pod, MANUAL_LEVEL) ? BUS_ACTION_SET_LEVEL
								: BUS_ACTION_HOLD;
}

int bus_manual_release(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct bus_polkit_ask may = {call, BUS_ACTION_HOLD, bus_manual_release, userdata};
	const struct snapshot *s = snapshot_of(userdata);
	const struct bus_ops *ops = bus_ops_of(userdata);
	struct history_caller caller;
	const struct pod *pod;
	const char *word;
	int r = sd_bus_message_read(call, "s", &word);

	if (r >= 0)
		r = bus_why_find(s, word, &pod, error);
	if (r < 0)
		return r;
	may.action = action_to_release(s, pod);
	r = bus_polkit_may(bus_polkit_of(userdata), &may, &caller, error);
	if (r <= 0)
		return bus_polkit_later(r);
	r = ops->release(ops->context, pod, &caller);
	return r < 0 ? r : sys_bus(sd_bus_reply_method_return(call, "u", (uint32_t)r));
}

static int append_order(sd_bus_message *reply, const struct snapshot *s,
			const struct manual_order *o)
{
	const struct pod *pod = model_pod(s->model, o->serial);
	struct reason reason = manual_reason(o);
	char why[REASON_TEXT_SIZE];
	const char *const text[] = {
		pod ? pod->name : "",
		pod && pod->cgroup ? pod->cgroup->path : "",
		manual_kind_name(o->kind),
		o->kind == MANUAL_LEVEL ? names_level(o->level) : "",
	};
	int r = sd_bus_message_open_container(reply, 'r', "ssssxs");

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]) && r >= 0; i++)
		r = bus_text_append(reply, text[i]);
	if (r >= 0)
		r = sd_bus_message_append(reply, "x", o->until_us);
	if (r >= 0)
		r = bus_text_append(reply, reason_text(&reason, s->policy, why, sizeof(why)));
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_manual_get_orders(sd_bus *sdbus, const char *path, const char *interface,
			  const char *property, sd_bus_message *reply, void *userdata,
			  sd_bus_error *error)
{
	const struct snapshot *s = snapshot_of(userdata);
	const struct manual *m = s->model ? s->model->manual : NULL;
	int r = sd_bus_message_open_container(reply, 'a', "(ssssxs)");

	(void)sdbus, (void)path, (void)interface, (void)property, (void)error;
	for (size_t i = 0; m && i < m->n && r >= 0; i++)
		r = append_order(reply, s, &m->orders[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

uint64_t bus_manual_hash(const struct snapshot *s)
{
	const struct manual *m = s->model ? s->model->manual : NULL;
	uint64_t hash = 0;

	for (size_t i = 0; m && i < m->n; i++) {
		const struct manual_order *o = &m->orders[i];

		hash = hash * 31 + o->serial + 1;
		hash = hash * 31 + (uint64_t)o->kind;
		hash = hash * 31 + (uint64_t)o->since_us;
	}
	return hash;
}
