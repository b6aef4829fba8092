// SPDX-License-Identifier: LGPL-2.1-or-later
// See unit_stop.h.
#include "agent/apply/unit_stop.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/apply/unit_name.h"
#include "agent/base/cleanup.h"
#include "agent/base/sys.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define TIMEOUT_US 5000000

static void unref_message(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}

static const char *last_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool unit_stop_fits(const char *path)
{
	char unit[UNIT_NAME_SIZE];

	return !unit_name_is_container(last_of(path)) && unit_name_of(last_of(path), unit) == 0;
}

int unit_stop(sd_bus *bus, const char *path, sd_bus_message_handler_t fn, void *context,
	      sd_bus_slot **ret_slot)
{
	_cleanup_(unref_message) sd_bus_message *call = NULL;
	char unit[UNIT_NAME_SIZE];
	int r = unit_name_of(last_of(path), unit);

	if (r == 0)
		r = sys_bus(sd_bus_message_new_method_call(bus, &call, SYSTEMD,
							   "/org/freedesktop/systemd1",
							   SYSTEMD ".Manager", "StopUnit"));
	if (r >= 0)
		r = sd_bus_message_append(call, "ss", unit, "replace");
	if (r < 0)
		return r;
	(void)sd_bus_message_set_auto_start(call, 0);
	r = sys_bus(sd_bus_call_async(bus, ret_slot, call, fn, context, TIMEOUT_US));
	return r < 0 ? r : 0;
}

enum evict_answer unit_stop_answer(sd_bus_message *reply, char why[EVICT_WHY_SIZE])
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	why[0] = '\0';
	if (!error)
		return EVICT_ANSWER_ACCEPTED;
	(void)snprintf(why, EVICT_WHY_SIZE, "systemd says: %s",
		       error->message ? error->message : error->name);
	switch (sd_bus_error_get_errno(error)) {
	case ENOENT: /* NoSuchUnit, too */
		return EVICT_ANSWER_GONE;
	case EACCES:
	case EPERM:
		return EVICT_ANSWER_FORBIDDEN;
	case ETIMEDOUT:
	case ECONNRESET:
		return EVICT_ANSWER_UNKNOWN;
	default:
		return EVICT_ANSWER_REFUSED;
	}
}
