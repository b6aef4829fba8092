// SPDX-License-Identifier: LGPL-2.1-or-later
// See unit_call.h.
#include "agent/apply/unit_call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/apply/unit_name.h"
#include "agent/base/cleanup.h"
#include "agent/base/sys.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"

static void unref_message(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}

/* "batch.slice" of "farm.slice/batch.slice". */
static int unit_of(const char *path, char unit[UNIT_NAME_SIZE])
{
	const char *slash = strrchr(path, '/');

	return unit_name_of(slash ? slash + 1 : path, unit);
}

int unit_call_ask(sd_bus *bus, const char *path, sd_bus_message **ret_call)
{
	_cleanup_(unref_message) sd_bus_message *call = NULL;
	_cleanup_free_ char *object = NULL;
	char unit[UNIT_NAME_SIZE];
	int r = unit_of(path, unit);

	if (r < 0)
		return r;
	r = sd_bus_path_encode(SYSTEMD_PATH "/unit", unit, &object);
	if (r >= 0)
		r = sys_bus(sd_bus_message_new_method_call(
			bus, &call, SYSTEMD, object, "org.freedesktop.DBus.Properties", "GetAll"));
	/* Of all its interfaces: the invocation is not in that of its type. */
	if (r >= 0)
		r = sd_bus_message_append(call, "s", "");
	if (r < 0)
		return r;
	/* A unit that nobody knows is none of colod's: nothing is started to answer. */
	(void)sd_bus_message_set_auto_start(call, 0);
	*ret_call = TAKE_PTR(call);
	return 0;
}

static int read_u64(sd_bus_message *m, uint64_t *ret_value)
{
	return sd_bus_message_read(m, "v", "t", ret_value);
}

static int read_text(sd_bus_message *m, const char **ret_text)
{
	return sd_bus_message_read(m, "v", "s", ret_text);
}

static int read_invocation(sd_bus_message *m, char text[UNIT_INVOCATION_SIZE])
{
	const void *bytes = NULL;
	size_t n = 0;
	int r = sd_bus_message_enter_container(m, 'v', "ay");

	if (r >= 0)
		r = sd_bus_message_read_array(m, 'y', &bytes, &n);
	if (r >= 0)
		r = sd_bus_message_exit_container(m);
	for (size_t i = 0; r >= 0 && n == (UNIT_INVOCATION_SIZE - 1) / 2 && i < n; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", ((const uint8_t *)bytes)[i]);
	return r;
}

static int read_property(sd_bus_message *m, const char *name, struct unit_answer *answer)
{
	const char *text = NULL;
	int r, prop = unit_prop_from_name(name);

	if (prop >= 0) {
		r = read_u64(m, &answer->values.value[prop]);
		answer->values.mask |= r >= 0 ? 1u << prop : 0;
		return r;
	}
	if (strcmp(name, "MemorySwapMax") == 0)
		return read_u64(m, &answer->memory_swap_max);
	if (strcmp(name, "ControlGroup") == 0) {
		r = read_text(m, &text);
		if (r >= 0 && strlen(text) < sizeof(answer->control_group))
			memcpy(answer->control_group, text, strlen(text) + 1);
		return r;
	}
	if (strcmp(name, "InvocationID") == 0)
		return read_invocation(m, answer->invocation);
	if (strcmp(name, "OOMPolicy") == 0) {
		r = read_text(m, &text);
		answer->values.oom_group = r >= 0 && strcmp(text, "kill") == 0;
		return r;
	}
	return sd_bus_message_skip(m, "v");
}

int unit_call_error(const sd_bus_error *error)
{
	/* A name of systemd's own, for which the library has no errno. */
	if (sd_bus_error_has_name(error, SYSTEMD ".NoUnitForInvocationID"))
		return -ESTALE;
	return -sd_bus_error_get_errno(error);
}

int unit_call_answer(sd_bus_message *reply, struct unit_answer *ret_answer)
{
	struct unit_answer answer = {
		.values.value[UNIT_PROP_MEMORY_MAX] = UNIT_PROP_UNSET,
		.memory_swap_max = UNIT_PROP_UNSET,
	};
	int r = unit_call_error(sd_bus_message_get_error(reply));

	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', "{sv}");
	while (r >= 0) {
		const char *name;

		r = sd_bus_message_enter_container(reply, 'e', "sv");
		if (r <= 0)
			break;
		r = sd_bus_message_read(reply, "s", &name);
		if (r >= 0)
			r = read_property(reply, name, &answer);
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
	}
	if (r < 0)
		return -EBADMSG;
	*ret_answer = answer;
	return 0;
}

static int append_values(sd_bus_message *call, const struct unit_values *values)
{
	int r = sd_bus_message_open_container(call, 'a', "(sv)");

	for (int i = 0; i < UNIT_PROP_COUNT && r >= 0; i++)
		if (values->mask & (1u << i))
			r = sd_bus_message_append(call, "(sv)", unit_prop_name((enum unit_prop)i),
						  "t", values->value[i]);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

/* To this start of the unit, or to the unit of this name. */
static int new_tell(sd_bus *bus, const char *unit, const char *invocation,
		    sd_bus_message **ret_call)
{
	_cleanup_free_ char *object = NULL;
	int r;

	if (invocation[0] == '\0') {
		r = sys_bus(sd_bus_message_new_method_call(bus, ret_call, SYSTEMD, SYSTEMD_PATH,
							   SYSTEMD ".Manager",
							   "SetUnitProperties"));
		return r < 0 ? r : sd_bus_message_append(*ret_call, "s", unit);
	}
	r = sd_bus_path_encode(SYSTEMD_PATH "/unit", invocation, &object);
	return r < 0 ? r
		     : sys_bus(sd_bus_message_new_method_call(bus, ret_call, SYSTEMD, object,
							      SYSTEMD ".Unit", "SetProperties"));
}

int unit_call_tell(sd_bus *bus, const char *path, const char *invocation,
		   const struct unit_values *values, sd_bus_message **ret_call)
{
	_cleanup_(unref_message) sd_bus_message *call = NULL;
	char unit[UNIT_NAME_SIZE];
	int r = unit_of(path, unit);

	if (r >= 0)
		r = new_tell(bus, unit, invocation, &call);
	if (r >= 0)
		r = sd_bus_message_append(call, "b", 1);
	if (r >= 0)
		r = append_values(call, values);
	if (r < 0)
		return r;
	(void)sd_bus_message_set_auto_start(call, 0);
	*ret_call = TAKE_PTR(call);
	return 0;
}

const char *unit_call_text(const struct unit_values *values, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < UNIT_PROP_COUNT; i++) {
		char number[24] = "unset";
		int n;

		if (!(values->mask & (1u << i)) || len >= size)
			continue;
		if (values->value[i] != UNIT_PROP_UNSET)
			(void)snprintf(number, sizeof(number), "%" PRIu64, values->value[i]);
		n = snprintf(buf + len, size - len, "%s%s=%s", len > 0 ? ", " : "",
			     unit_prop_name((enum unit_prop)i), number);
		len += n > 0 ? (size_t)n : 0;
	}
	return buf;
}
