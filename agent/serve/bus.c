// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus.h. The manager object: each handler reads its arguments, validates, authorises, calls and
// replies, in that order; what it tells comes from the snapshot as it stands.
#include "agent/serve/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/cleanup.h"
#include "agent/base/clock.h"
#include "agent/base/sys.h"
#include "agent/base/utf8.h"
#include "agent/serve/bus_control.h"
#include "agent/serve/bus_evict.h"
#include "agent/serve/bus_history.h"
#include "agent/serve/bus_incident.h"
#include "agent/serve/bus_manual.h"
#include "agent/serve/bus_node.h"
#include "agent/serve/bus_plan.h"
#include "agent/serve/bus_pod.h"
#include "agent/serve/bus_policy.h"
#include "agent/serve/bus_polkit.h"
#include "agent/serve/bus_reply.h"
#include "agent/serve/bus_signal.h"
#include "agent/serve/bus_text.h"
#include "agent/serve/bus_why.h"
#include "agent/serve/snapshot_json.h"
#include "agent/serve/stall.h"
#include "agent/serve/words.h"
#include "policy/decide.h"
#include "policy/mode.h"
#include "policy/names.h"

/* What the properties with change signals were when last told; texts as a hash. */
struct shown {
	enum mode mode;
	enum rung rungs[RESOURCE_COUNT];
	size_t n_pods;
	uint64_t mode_why;
	uint64_t mode_sources; /* of Modes and ModeSources: they change together */
	uint64_t orders;
	uint64_t policy_state;
	uint64_t policy_digest;
	uint64_t facts_note;
	uint64_t lendable;
};

struct bus {
	sd_bus *sdbus; /* borrowed */
	struct bus_ops ops;
	sd_bus_slot *manager;
	struct bus_pods pods;
	struct bus_polkit polkit;
	struct bus_evict evict;
	struct shown shown;
	struct bus_incident incident;
	uint64_t told; /* of the history, as far as StepTold went */
	bool named;
};

const struct bus_ops *bus_ops_of(const struct bus *bus)
{
	return &bus->ops;
}

struct bus_incident *bus_incident_of(struct bus *bus)
{
	return &bus->incident;
}

struct bus_evict *bus_evict_of(struct bus *bus)
{
	return &bus->evict;
}

struct bus_polkit *bus_polkit_of(struct bus *bus)
{
	return &bus->polkit;
}

static const struct snapshot *snapshot_of(const struct bus *bus)
{
	return bus->ops.snapshot(bus->ops.context);
}

static const char *why_of(const struct snapshot *s)
{
	return s->status ? mode_why(&s->status->mode_says, &s->status->modes, RESOURCE_INVALID)
			 : NULL;
}

static const char *text_of(const struct snapshot *s, const char *property)
{
	if (strcmp(property, "Version") == 0)
		return COLOD_VERSION;
	if (strcmp(property, "Kernel") == 0)
		return s->model ? s->model->node.kernel : NULL;
	if (strcmp(property, "FactsNote") == 0)
		return s->model ? s->model->facts_note : NULL;
	if (strcmp(property, "Mode") == 0)
		return s->status ? names_mode(s->status->modes.all) : NULL;
	if (strcmp(property, "ModeWhy") == 0)
		return why_of(s);
	if (strcmp(property, "PolicyState") == 0)
		return s->status ? s->status->policy_state : NULL;
	if (strcmp(property, "PolicyDigest") == 0)
		return s->status ? s->status->policy_digest : NULL;
	if (strcmp(property, "Rung") == 0)
		return s->ladders ? names_rung(s->ladders->of[RESOURCE_CPU].rung) : NULL;
	return NULL;
}

static int get_text(sd_bus *sdbus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)sdbus, (void)path, (void)interface, (void)error;
	return bus_text_append(reply, text_of(snapshot_of(userdata), property));
}

static int send_reply(sd_bus_message *reply)
{
	int r = sys_bus(sd_bus_send(NULL, reply, NULL));

	return r < 0 ? r : 1;
}

static void unref_message(sd_bus_message **message)
{
	(void)sd_bus_message_unref(*message);
}
#define _cleanup_message_ _cleanup_(unref_message)

static int append_pod(sd_bus_message *reply, const struct bus *bus, const struct snapshot *s,
		      const struct pod *pod)
{
	static const struct assignment none = {.state = ASSIGNMENT_NONE};
	const struct assignment *a = s->plan ? plan_assignment(s->plan, pod) : &none;
	bool levelled = a->state == ASSIGNMENT_LEVEL;
	const char *const text[] = {
		pod->uid,
		pod->name,
		levelled ? names_level(a->level) : "",
		levelled ? names_role(a->role) : "",
		words_assignment(a->state),
	};
	int r = sd_bus_message_open_container(reply, 'r', "ssssso");

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]) && r >= 0; i++)
		r = bus_text_append(reply, text[i]);
	if (r < 0)
		return r;
	r = sd_bus_message_append_basic(reply, 'o', bus_pod_path(&bus->pods, pod));
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int list_pods(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const struct bus *bus = userdata;
	const struct snapshot *s = snapshot_of(bus);
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call, &reply);

	(void)error;
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssssso)");
	for (size_t i = 0; s->model && i < s->model->n_pods && r >= 0; i++)
		r = append_pod(reply, bus, s, s->model->pods[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : send_reply(reply);
}

static int append_score(sd_bus_message *reply, const struct snapshot *s, const struct pod *pod,
			enum resource resource)
{
	const char *const text[] = {
		pod->uid,
		pod->name,
		names_resource(resource),
		names_score(s->scores->pods[pod->slot].by[resource].state),
	};
	int r = sd_bus_message_open_container(reply, 'r', "ssssi");

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]) && r >= 0; i++)
		r = bus_text_append(reply, text[i]);
	if (r < 0)
		return r;
	r = sd_bus_message_append(reply, "i", stall_permille(s->scores, pod, resource));
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_score(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const struct snapshot *s = snapshot_of(userdata);
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call, &reply);

	(void)error;
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ssssi)");
	for (size_t i = 0; s->model && s->scores && i < s->model->n_pods && r >= 0; i++) {
		const struct pod *pod = s->model->pods[i];

		if (pod->slot >= s->scores->n_slots)
			continue;
		for (int k = 0; k < RESOURCE_COUNT && r >= 0; k++) {
			if (s->scores->pods[pod->slot].by[k].state != SCORE_NONE)
				r = append_score(reply, s, pod, (enum resource)k);
		}
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : send_reply(reply);
}

static int why(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const struct snapshot *s = snapshot_of(userdata);
	_cleanup_message_ sd_bus_message *reply = NULL;
	const struct pod *pod;
	const char *word;
	int r = sd_bus_message_read(call, "s", &word);

	if (r < 0)
		return r;
	r = bus_why_find(s, word, &pod, error);
	if (r < 0)
		return r;
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = bus_why_append(reply, s, pod);
	return r < 0 ? r : send_reply(reply);
}

static int policy_why(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return bus_policy_why(call, snapshot_of(userdata), error);
}

static int plan_policy(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return bus_policy_plan(call, bus_ops_of(userdata), error);
}

static int dump(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	(void)error;
	return bus_reply_json(call, "colod-snapshot", snapshot_json(snapshot_of(userdata)));
}

static int history(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	return bus_history(call, snapshot_of(userdata), error);
}

static int reload(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	const struct bus_polkit_ask ask = {call, BUS_ACTION_RELOAD, reload, userdata};
	struct bus *bus = userdata;
	struct history_caller caller;
	const struct snapshot *s;
	int r = bus_polkit_may(&bus->polkit, &ask, &caller, error);

	if (r <= 0)
		return bus_polkit_later(r);
	r = bus->ops.reload(bus->ops.context, &caller);
	if (r >= 0)
		return sys_bus(sd_bus_reply_method_return(call, ""));
	if (r != -EINVAL)
		return r;
	s = snapshot_of(bus);
	return sd_bus_error_setf(
		error, BUS_ERROR_POLICY_REJECTED,
		"the new policy was rejected, the last good one stays in force: %s",
		s->status && utf8_valid(s->status->policy_state) ? s->status->policy_state
								 : "see the journal");
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST
#define OPEN SD_BUS_VTABLE_UNPRIVILEGED
#define SLI_ARGS(value)                                                                            \
	SD_BUS_ARGS("s", pod, "s", sli, "t", value, "t", bound, "x", since_us, "s", reason)
#define ORDERED SD_BUS_RESULT("t", until_realtime_us, "s", text)

/* Who may call at all is the bus's own policy (packaging/dbus/io.colod.Agent1.conf). Reload,
 * SetMode, Pause, Resume and what is ordered for a pod are open here because their handlers ask themselves whether the sender may
 * (bus_polkit.h). */
const sd_bus_vtable bus_manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Version", "s", get_text, 0, CONSTANT),
	SD_BUS_PROPERTY("Kernel", "s", get_text, 0, CONSTANT),
	SD_BUS_PROPERTY("Mode", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("ModeWhy", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Modes", "a(sss)", bus_control_get_modes, 0, CHANGES),
	SD_BUS_PROPERTY("ModeSources", "a(ssss)", bus_control_get_sources, 0, CHANGES),
	/* pod, cgroup, kind, level or "", until (CLOCK_BOOTTIME), sentence */
	SD_BUS_PROPERTY("Orders", "a(ssssxs)", bus_manual_get_orders, 0, CHANGES),
	SD_BUS_PROPERTY("PolicyState", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("PolicyDigest", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("FactsNote", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Rung", "s", get_text, 0, CHANGES), /* of the CPU */
	SD_BUS_PROPERTY("Rungs", "a(sss)", bus_control_get_rungs, 0, CHANGES),
	/* resource, since, until at least (moves on while pressure lasts, so no signal tells), until at most;
	 * CLOCK_BOOTTIME, 0: not known */
	SD_BUS_PROPERTY("RungTimes", "a(sxxx)", bus_control_get_rung_times, 0, 0),
	SD_BUS_PROPERTY("NPods", "u", bus_node_get_n_pods, 0, CHANGES),
	/* resource, thousandths of a CPU or bytes, state of the sum */
	SD_BUS_PROPERTY("Lendable", "a(sts)", bus_node_get_lendable, 0, CHANGES),
	SD_BUS_METHOD_WITH_ARGS("ListPods", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("a(ssssso)", uid_name_level_role_state_path),
				list_pods, OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetPlan", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("a(ssssss)", cgroup_knob_had_want_effect_reason),
				bus_plan, OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetScore", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("a(ssssi)", uid_name_resource_state_permille),
				get_score, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Why", SD_BUS_ARGS("s", pod), SD_BUS_RESULT("as", lines), why,
				OPEN),
	SD_BUS_METHOD_WITH_ARGS("PolicyWhy", SD_BUS_ARGS("s", pod), SD_BUS_RESULT("h", rules),
				policy_why, OPEN),
	SD_BUS_METHOD_WITH_ARGS("PlanPolicy", SD_BUS_ARGS("a(ss)", files_name_text),
				SD_BUS_RESULT("h", difference), plan_policy, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Dump", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", snapshot), dump, OPEN),
	SD_BUS_METHOD_WITH_ARGS("History",
				SD_BUS_ARGS("t", since_us, "s", kinds, "s", of, "u", max),
				SD_BUS_RESULT("h", records), history, OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetIncidents", SD_BUS_NO_ARGS, SD_BUS_RESULT("h", summaries),
				bus_incident_list, OPEN),
	SD_BUS_METHOD_WITH_ARGS("GetIncident", SD_BUS_ARGS("t", id), SD_BUS_RESULT("h", incident),
				bus_incident_get, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, reload, OPEN),
	SD_BUS_METHOD_WITH_ARGS("SetMode", SD_BUS_ARGS("s", resource, "s", mode),
				SD_BUS_RESULT("s", in_force, "s", why, "s", note),
				bus_control_set_mode, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Pause", SD_BUS_ARGS("t", seconds),
				SD_BUS_RESULT("s", in_force, "s", why, "s", note),
				bus_control_pause, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Resume", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("s", in_force, "s", why, "s", note),
				bus_control_resume, OPEN),
	SD_BUS_METHOD_WITH_ARGS("SetLevel", SD_BUS_ARGS("s", pod, "s", level, "t", seconds),
				ORDERED, bus_manual_set_level, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Squeeze", SD_BUS_ARGS("s", pod, "t", seconds), ORDERED,
				bus_manual_squeeze, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Freeze", SD_BUS_ARGS("s", pod, "t", seconds), ORDERED,
				bus_manual_freeze, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Thaw", SD_BUS_ARGS("s", pod, "t", seconds), ORDERED,
				bus_manual_thaw, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Release", SD_BUS_ARGS("s", pod), SD_BUS_RESULT("u", ended),
				bus_manual_release, OPEN),
	SD_BUS_METHOD_WITH_ARGS("Evict", SD_BUS_ARGS("s", pod), SD_BUS_RESULT("s", text), bus_evict,
				OPEN),
	SD_BUS_SIGNAL_WITH_ARGS("RungChanged",
				SD_BUS_ARGS("s", resource, "s", from, "s", to, "s", reason), 0),
	SD_BUS_SIGNAL_WITH_ARGS("StepTold",
				SD_BUS_ARGS("t", id, "s", kind, "s", what, "s", pod, "s", text,
					    "a{sx}", numbers),
				0),
	SD_BUS_SIGNAL_WITH_ARGS("Evicted",
				SD_BUS_ARGS("s", pod, "s", cgroup, "s", result, "s", reason), 0),
	SD_BUS_SIGNAL_WITH_ARGS("IncidentOpened",
				SD_BUS_ARGS("t", id, "s", pod, "s", resource, "s", cause), 0),
	SD_BUS_SIGNAL_WITH_ARGS("IncidentClosed",
				SD_BUS_ARGS("t", id, "s", pod, "s", resource, "s", done), 0),
	/* permille; since: CLOCK_BOOTTIME */
	SD_BUS_SIGNAL_WITH_ARGS("SliViolated", SLI_ARGS(value), 0),
	SD_BUS_SIGNAL_WITH_ARGS("SliEnded", SLI_ARGS(worst), 0),
	SD_BUS_SIGNAL_WITH_ARGS("PolicyRejected", SD_BUS_ARGS("s", state, "s", first_error), 0),
	SD_BUS_VTABLE_END,
};

static void fill_shown(const struct snapshot *s, struct shown *ret_shown)
{
	*ret_shown = (struct shown){
		.mode = s->status ? s->status->modes.all : MODE_INVALID,
		.n_pods = s->model ? s->model->n_pods : 0,
		.mode_why = bus_text_hash(why_of(s)),
		.mode_sources = bus_control_hash(s),
		.orders = bus_manual_hash(s),
		.policy_state = bus_text_hash(s->status ? s->status->policy_state : NULL),
		.policy_digest = bus_text_hash(s->status ? s->status->policy_digest : NULL),
		.facts_note = bus_text_hash(s->model ? s->model->facts_note : NULL),
		.lendable = bus_node_lendable_hash(s),
	};
	for (int i = 0; i < RESOURCE_COUNT; i++)
		ret_shown->rungs[i] = s->ladders ? s->ladders->of[i].rung : RUNG_CALM;
}

int bus_new(sd_bus *sdbus, const struct bus_ops *ops, struct bus **ret_bus)
{
	struct bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return -ENOMEM;
	bus->sdbus = sdbus;
	bus->ops = *ops;
	bus_polkit_init(&bus->polkit, sdbus);
	r = sd_bus_add_object_vtable(sdbus, &bus->manager, BUS_PATH, BUS_MANAGER_INTERFACE,
				     bus_manager_vtable, bus);
	if (r >= 0)
		r = bus_pod_register(&bus->pods, sdbus, &bus->ops);
	if (r >= 0)
		r = bus_pod_sync(&bus->pods, false);
	fill_shown(snapshot_of(bus), &bus->shown);
	bus->told = bus_signal_from(snapshot_of(bus));
	bus_incident_begin(&bus->incident, snapshot_of(bus));
	/* Last: whoever sees the name finds the objects. */
	if (r >= 0)
		r = sys_bus(sd_bus_request_name(sdbus, BUS_NAME, 0));
	if (r < 0) {
		bus_free(bus);
		return r;
	}
	bus->named = true;
	*ret_bus = bus;
	return 0;
}

void bus_free(struct bus *bus)
{
	if (!bus)
		return;
	/* Without waiting for the answer: a bus daemon that hangs must not hold up a stop. */
	if (bus->named)
		(void)sys_bus(sd_bus_release_name_async(bus->sdbus, NULL, BUS_NAME, NULL, NULL));
	bus_polkit_done(&bus->polkit);
	bus_evict_done(&bus->evict);
	bus_incident_done(&bus->incident);
	bus_pod_unregister(&bus->pods);
	(void)sd_bus_slot_unref(bus->manager);
	free(bus);
}

void bus_publish(struct bus *bus)
{
	const struct snapshot *s = snapshot_of(bus);
	struct shown was = bus->shown, now;
	bool moved = false;
	char *names[13];
	size_t n = 0;

	bus_evict_look(&bus->evict, &bus->ops, clock_now_us());
	(void)bus_pod_sync(&bus->pods, true);
	fill_shown(s, &now);
	bus->shown = now;
	for (int i = 0; i < RESOURCE_COUNT; i++) {
		if (was.rungs[i] == now.rungs[i])
			continue;
		moved = true;
		bus_signal_rung(bus->sdbus, s, (enum resource)i, was.rungs[i]);
	}
	bus_signal_steps(bus->sdbus, s, &bus->told);
	bus_incident_signal(&bus->incident, bus->sdbus, s);
	if (was.policy_state != now.policy_state && s->status)
		bus_signal_policy(bus->sdbus, s);
#define NOTE(changed, name)                                                                        \
	do {                                                                                       \
		if (changed)                                                                       \
			names[n++] = (char *)(name);                                               \
	} while (0)
	NOTE(was.mode != now.mode, "Mode");
	NOTE(was.mode_why != now.mode_why, "ModeWhy");
	NOTE(was.mode_sources != now.mode_sources, "Modes");
	NOTE(was.mode_sources != now.mode_sources, "ModeSources");
	NOTE(was.orders != now.orders, "Orders");
	NOTE(was.policy_state != now.policy_state, "PolicyState");
	NOTE(was.policy_digest != now.policy_digest, "PolicyDigest");
	NOTE(was.facts_note != now.facts_note, "FactsNote");
	NOTE(was.rungs[RESOURCE_CPU] != now.rungs[RESOURCE_CPU], "Rung");
	NOTE(moved, "Rungs");
	NOTE(was.n_pods != now.n_pods, "NPods");
	NOTE(was.lendable != now.lendable, "Lendable");
#undef NOTE
	names[n] = NULL;
	if (n > 0)
		(void)sys_bus(sd_bus_emit_properties_changed_strv(bus->sdbus, BUS_PATH,
								  BUS_MANAGER_INTERFACE, names));
}
