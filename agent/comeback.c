// SPDX-License-Identifier: LGPL-2.1-or-later
// See comeback.h. What systemd 252 and 257 show while ExecStopPost= runs:
//
//	systemctl stop, shutdown       job stop       sub-state stop-post
//	systemctl restart              job restart    sub-state stop-post
//	crash, kill, watchdog          no job         sub-state stop-post; Restart= and the result decide
//
// and while the unit of OnFailure= and OnSuccess= runs (colod-restore.service):
//
//	restarted too often            no job         sub-state failed
//	stopped between two restarts   no job         sub-state failed (252) or dead (257)
//	systemctl restart              job restart or start
//	a restart is pending (257)     no job         sub-state auto-restart
//
// Where nobody answers, an agent that died is believed to come back, as the shipped unit says, and one
// that ended without fault, or has failed for good, is not: giving back too much costs a second of
// weaker protection, giving back too little leaves a node changed with nobody there.
#include "agent/comeback.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "agent/base/cleanup.h"
#include "agent/base/sys.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
/* Systemd's own socket, for root: works without dbus-daemon. */
#define PRIVATE_ADDRESS "unix:path=/run/systemd/private"
#define ANSWER_US 2000000

static void close_bus(sd_bus **bus)
{
	*bus = sd_bus_flush_close_unref(*bus);
}

static void free_error(sd_bus_error *error)
{
	sd_bus_error_free(error);
}

static void unref_message(sd_bus_message **m)
{
	*m = sd_bus_message_unref(*m);
}

static int open_private(sd_bus **ret_bus)
{
	_cleanup_(close_bus) sd_bus *bus = NULL;
	int r = sys_bus(sd_bus_new(&bus));

	if (r >= 0)
		r = sd_bus_set_address(bus, PRIVATE_ADDRESS);
	if (r >= 0)
		r = sys_bus(sd_bus_start(bus));
	if (r >= 0)
		*ret_bus = TAKE_PTR(bus);
	return r;
}

static int open_bus(sd_bus **ret_bus)
{
	int r = sys_bus(sd_bus_open_system(ret_bus));

	if (r < 0)
		r = open_private(ret_bus);
	return r < 0 ? r : sd_bus_set_method_call_timeout(*ret_bus, ANSWER_US);
}

static int unit_path(sd_bus *bus, const char *unit, char *path, size_t size)
{
	_cleanup_(free_error) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(unref_message) sd_bus_message *reply = NULL;
	const char *text = NULL;
	int r;

	if (unit)
		r = sys_bus(sd_bus_call_method(bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD ".Manager",
					       "GetUnit", &error, &reply, "s", unit));
	else
		r = sys_bus(sd_bus_call_method(bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD ".Manager",
					       "GetUnitByPID", &error, &reply, "u",
					       (uint32_t)getpid()));
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &text);
	if (r < 0)
		return r;
	return snprintf(path, size, "%s", text) < (int)size ? 0 : -ENAMETOOLONG;
}

static int word(sd_bus *bus, const char *path, const char *interface, const char *property,
		char ret_word[COMEBACK_WORD_SIZE])
{
	_cleanup_(free_error) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_free_ char *text = NULL;
	int r = sys_bus(
		sd_bus_get_property_string(bus, SYSTEMD, path, interface, property, &error, &text));

	if (r < 0)
		return r;
	(void)snprintf(ret_word, COMEBACK_WORD_SIZE, "%s", text);
	return 0;
}

static int job(sd_bus *bus, const char *path, char ret_job[COMEBACK_WORD_SIZE])
{
	_cleanup_(free_error) sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(unref_message) sd_bus_message *reply = NULL;
	const char *job_path = NULL;
	uint32_t id = 0;
	int r = sys_bus(sd_bus_get_property(bus, SYSTEMD, path, SYSTEMD ".Unit", "Job", &error,
					    &reply, "(uo)"));

	if (r >= 0)
		r = sd_bus_message_read(reply, "(uo)", &id, &job_path);
	if (r < 0 || id == 0)
		return r;
	r = word(bus, job_path, SYSTEMD ".Job", "JobType", ret_job);
	/* It was done meanwhile. */
	return r == -ENOENT || r == -EBADR ? 0 : r;
}

static int ask(const char *unit, struct comeback_facts *facts)
{
	_cleanup_(close_bus) sd_bus *bus = NULL;
	char path[512];
	int r = open_bus(&bus);

	if (r >= 0)
		r = unit_path(bus, unit, path, sizeof(path));
	if (r >= 0)
		r = word(bus, path, SYSTEMD ".Unit", "SubState", facts->sub_state);
	/* Asked by hand this is a session, which has no such property. */
	if (r >= 0)
		r = word(bus, path, SYSTEMD ".Service", "Restart", facts->restart);
	if (r >= 0)
		r = job(bus, path, facts->job);
	return r < 0 ? r : 0;
}

static void from_environment(const char *name, char ret_word[COMEBACK_WORD_SIZE])
{
	const char *text = getenv(name);

	if (text)
		(void)snprintf(ret_word, COMEBACK_WORD_SIZE, "%s", text);
}

void comeback_ask(struct comeback_facts *ret_facts)
{
	/* Set by colod-restore.service. Not MONITOR_UNIT: systemd sets that only where OnFailure= and
	 * OnSuccess= do not name the same unit. */
	const char *unit = getenv("COLOD_UNIT");
	struct comeback_facts facts = {.afterwards = unit != NULL};
	int r;

	from_environment("SERVICE_RESULT", facts.result);
	r = ask(unit, &facts);
	facts.answered = r == 0;
	if (r < 0)
		(void)snprintf(facts.no_answer, sizeof(facts.no_answer), "%s", strerror(-r));
	*ret_facts = facts;
}

static bool is(const char *text, const char *word)
{
	return strcmp(text, word) == 0;
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* What systemd makes of Restart= (systemd.service(5), "Exit causes and the effect"). */
static bool restarts(const char *restart, const char *result)
{
	bool clean = is(result, "success");
	bool signal = is(result, "signal") || is(result, "core-dump");
	bool watchdog = is(result, "watchdog");

	if (is(restart, "always"))
		return true;
	if (is(restart, "on-success"))
		return clean;
	if (is(restart, "on-failure"))
		return !clean;
	if (is(restart, "on-abnormal"))
		return signal || watchdog || is(result, "timeout");
	if (is(restart, "on-abort"))
		return signal;
	return is(restart, "on-watchdog") && watchdog;
}

static bool decide_unanswered(const struct comeback_facts *f, char *why)
{
	bool died = !f->afterwards && f->result[0] && !is(f->result, "success");

	(void)snprintf(why, COMEBACK_WHY_SIZE, "systemd did not answer (%s), and the agent %s",
		       f->no_answer,
		       died	       ? "died, so it will be started again"
		       : f->afterwards ? "has ended"
				       : "did not die");
	return died;
}

bool comeback_decide(const struct comeback_facts *f, char *why)
{
	bool back;

	if (!f->answered)
		return decide_unanswered(f, why);
	if (f->job[0]) {
		back = !is(f->job, "stop");
		(void)snprintf(why, COMEBACK_WHY_SIZE, "systemd is to %s the service", f->job);
		return back;
	}
	if (is(f->sub_state, "failed") || is(f->sub_state, "dead")) {
		(void)snprintf(why, COMEBACK_WHY_SIZE, "the service is %s and nothing starts it",
			       f->sub_state);
		return false;
	}
	/* auto-restart…, failed-before-auto-restart, running, start, start-pre … */
	if (strstr(f->sub_state, "auto-restart") || is(f->sub_state, "running") ||
	    starts(f->sub_state, "start") || starts(f->sub_state, "reload")) {
		(void)snprintf(why, COMEBACK_WHY_SIZE, "the service comes back (%s)", f->sub_state);
		return true;
	}
	back = restarts(f->restart, f->result);
	(void)snprintf(why, COMEBACK_WHY_SIZE,
		       "the agent ended with '%s', and with Restart=%s it %s", f->result,
		       f->restart, back ? "comes back" : "does not come back");
	return back;
}
