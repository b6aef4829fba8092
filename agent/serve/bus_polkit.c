// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_polkit.h. Whatever goes wrong on the way to an answer is a no: polkit that is not there, does not
// know the action, is slow, or answers something else. A caller that is gone when the answer comes gets
// nothing done: who asked could not be recorded.
#include "agent/serve/bus_polkit.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"
#include "agent/serve/bus_caller.h"
#include "agent/serve/bus_text.h"

#define POLKIT "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE POLKIT ".Authority"
#define ALLOW_INTERACTION 1u

/* polkit may have to be started first, on a node that is busy. coloctl waits a little longer, to hear what
 * went wrong. */
#define PATIENCE_US 20000000u
#define INTERACTIVE_US 120000000u

static const char *const actions[BUS_ACTION_COUNT] = {
	[BUS_ACTION_RELOAD] = "io.colod.agent1.reload",
	[BUS_ACTION_SET_MODE] = "io.colod.agent1.set-mode",
	[BUS_ACTION_SET_LEVEL] = "io.colod.agent1.set-level",
	[BUS_ACTION_HOLD] = "io.colod.agent1.hold",
	[BUS_ACTION_EVICT] = "io.colod.agent1.evict",
};

const char *bus_polkit_action(enum bus_action action)
{
	return actions[action];
}

void bus_polkit_init(struct bus_polkit *p, sd_bus *sdbus)
{
	*p = (struct bus_polkit){
		.sdbus = sdbus,
		.patience_us = PATIENCE_US,
		.interactive_us = INTERACTIVE_US,
	};
}

static void end(struct bus_question *q)
{
	(void)sd_bus_slot_unref(q->slot);
	(void)sd_bus_track_unref(q->caller_track);
	(void)sd_bus_message_unref(q->ask.call);
	*q = (struct bus_question){0};
}

void bus_polkit_done(struct bus_polkit *p)
{
	for (size_t i = 0; i < BUS_POLKIT_MAX; i++)
		end(&p->questions[i]);
}

static void unref_message(sd_bus_message **message)
{
	(void)sd_bus_message_unref(*message);
}

static const char *cancel_id(const struct bus_question *q, char buf[static 32])
{
	(void)snprintf(buf, 32, "colod-%" PRIu64, q->number);
	return buf;
}

/* A window that asks for a password goes away again. Nobody waits for what polkit says to it. */
static void cancel(const struct bus_question *q)
{
	_cleanup_(unref_message) sd_bus_message *m = NULL;
	char id[32];

	if (sd_bus_message_new_method_call(q->polkit->sdbus, &m, POLKIT, POLKIT_PATH,
					   POLKIT_INTERFACE, "CancelCheckAuthorization") < 0 ||
	    sd_bus_message_append(m, "s", cancel_id(q, id)) < 0 ||
	    sd_bus_message_set_expect_reply(m, 0) < 0 || sd_bus_message_set_auto_start(m, 0) < 0)
		return;
	(void)sys_bus(sd_bus_send(q->polkit->sdbus, m, NULL));
}

static int on_caller_gone(sd_bus_track *track, void *userdata)
{
	struct bus_question *q = userdata;

	(void)track;
	cancel(q);
	end(q);
	return 0;
}

static int not_allowed(sd_bus_error *error, enum bus_action action, const char *why)
{
	return sd_bus_error_setf(error, BUS_ERROR_NOT_ALLOWED,
				 "this is for root, and for whom polkit allows %s: %s. Use sudo",
				 actions[action], why);
}

static int not_asked(sd_bus_error *error, enum bus_action action, const sd_bus_error *why)
{
	if (sd_bus_error_has_name(why, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
	    sd_bus_error_has_name(why, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
		return not_allowed(error, action, "polkit is not installed, or does not run");
	if (sd_bus_error_has_name(why, SD_BUS_ERROR_NO_REPLY) ||
	    sd_bus_error_has_name(why, SD_BUS_ERROR_TIMEOUT))
		return not_allowed(error, action, "nobody has said yes in time");
	return sd_bus_error_setf(
		error, BUS_ERROR_NOT_ALLOWED,
		"this is for root, and for whom polkit allows %s, and polkit says: "
		"%.200s. Use sudo",
		actions[action], why->message ? why->message : why->name);
}

/* 1: yes. */
static int judge(const struct bus_question *q, sd_bus_message *reply, sd_bus_error *error)
{
	int allowed = 0, challenge = 0, r;

	if (sd_bus_message_is_method_error(reply, NULL))
		return not_asked(error, q->ask.action, sd_bus_message_get_error(reply));
	r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
	if (r >= 0)
		r = sd_bus_message_read(reply, "bb", &allowed, &challenge);
	if (r < 0)
		return not_allowed(error, q->ask.action, "what polkit answers is not understood");
	if (allowed)
		return 1;
	if (challenge)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
					 "polkit wants a password before it allows %s, and nobody "
					 "is there to ask for one. Use sudo",
					 actions[q->ask.action]);
	return not_allowed(error, q->ask.action, "polkit does not allow it to you");
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct bus_question *q = userdata;
	int r = judge(q, reply, &error);

	(void)ret_error;
	if (sd_bus_message_is_method_error(reply, NULL))
		cancel(q);
	if (r > 0) {
		q->allowed = true;
		r = sd_bus_message_rewind(q->ask.call, 1);
	}
	if (r >= 0)
		r = q->ask.handler(q->ask.call, q->ask.userdata, &error);
	if (r < 0)
		(void)sys_bus(sd_bus_reply_method_errno(q->ask.call, r, &error));
	end(q);
	return 1;
}

static int call_of(const struct bus_question *q, sd_bus_message **ret_call)
{
	_cleanup_(unref_message) sd_bus_message *m = NULL;
	int interactive = sd_bus_message_get_allow_interactive_authorization(q->ask.call), r;
	char id[32];

	r = sd_bus_message_new_method_call(q->polkit->sdbus, &m, POLKIT, POLKIT_PATH,
					   POLKIT_INTERFACE, "CheckAuthorization");
	if (r >= 0)
		r = sd_bus_message_append(m, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
					  sd_bus_message_get_sender(q->ask.call),
					  actions[q->ask.action], 0,
					  interactive > 0 ? ALLOW_INTERACTION : 0u,
					  cancel_id(q, id));
	if (r < 0)
		return r;
	*ret_call = TAKE_PTR(m);
	return interactive > 0;
}

static int ask_polkit(struct bus_question *q)
{
	_cleanup_(unref_message) sd_bus_message *m = NULL;
	int r = sys_bus(sd_bus_track_new(q->polkit->sdbus, &q->caller_track, on_caller_gone, q));

	if (r >= 0)
		r = sys_bus(sd_bus_track_add_sender(q->caller_track, q->ask.call));
	if (r < 0)
		return r;
	r = call_of(q, &m);
	if (r < 0)
		return r;
	return sys_bus(
		sd_bus_call_async(q->polkit->sdbus, &q->slot, m, on_answer, q,
				  r > 0 ? q->polkit->interactive_us : q->polkit->patience_us));
}

static struct bus_question *find(struct bus_polkit *p, const sd_bus_message *call)
{
	for (size_t i = 0; i < BUS_POLKIT_MAX; i++)
		if (p->questions[i].ask.call == call)
			return &p->questions[i];
	return NULL;
}

static size_t open_of(const struct bus_polkit *p, uint32_t uid)
{
	size_t n = 0;

	for (size_t i = 0; i < BUS_POLKIT_MAX; i++)
		n += p->questions[i].ask.call && p->questions[i].caller.uid == uid;
	return n;
}

static int begin(struct bus_polkit *p, const struct bus_polkit_ask *ask,
		 const struct history_caller *caller, sd_bus_error *error)
{
	struct bus_question *q = find(p, NULL);
	int r;

	if (!q || open_of(p, caller->uid) >= BUS_POLKIT_MAX_OF_USER)
		return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					"polkit has not answered the questions before this one "
					"yet: try again, or use sudo");
	*q = (struct bus_question){
		.polkit = p, .ask = *ask, .caller = *caller, .number = ++p->asked};
	(void)sd_bus_message_ref(q->ask.call);
	r = ask_polkit(q);
	if (r < 0) {
		end(q);
		return r;
	}
	return 0;
}

int bus_polkit_may(struct bus_polkit *p, const struct bus_polkit_ask *ask,
		   struct history_caller *ret_caller, sd_bus_error *error)
{
	const struct bus_question *answered = find(p, ask->call);
	int r;

	if (!answered) {
		r = sys_bus(sd_bus_query_sender_privilege(ask->call, CAP_SYS_ADMIN));
		if (r < 0)
			return r;
		bus_caller_of(ask->call, ret_caller);
		if (r > 0)
			return 1;
	} else {
		bus_caller_of(ask->call, ret_caller);
	}
	if (!ret_caller->known)
		return not_allowed(error, ask->action, "who asks is not known, or gone");
	if (!answered)
		return begin(p, ask, ret_caller, error);
	return answered->allowed ? 1 : -EALREADY;
}
