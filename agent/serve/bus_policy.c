// SPDX-License-Identifier: LGPL-2.1-or-later
// See bus_policy.h.
#include "agent/serve/bus_policy.h"

#include <errno.h>
#include <string.h>

#include "agent/serve/bus_reply.h"
#include "agent/serve/bus_text.h"
#include "agent/serve/bus_why.h"
#include "agent/serve/policy_why_json.h"
#include "agent/serve/what_if_json.h"

#define NAME_MAX_BYTES (DIAG_FILE_SIZE - 1)

int bus_policy_why(sd_bus_message *call, const struct snapshot *snapshot, sd_bus_error *error)
{
	const struct pod *pod;
	const char *word;
	int r = sd_bus_message_read(call, "s", &word);

	if (r < 0)
		return r;
	r = bus_why_find(snapshot, word, &pod, error);
	if (r < 0)
		return r;
	if (!snapshot->policy)
		return -ENODATA;
	return bus_reply_json(call, "colod-policy-why", policy_why_json(snapshot, pod));
}

/* A file of the array, *n of them so far; 0 at its end. */
static int read_file(sd_bus_message *call, struct policy_source *sources, size_t *n, size_t *bytes,
		     sd_bus_error *error)
{
	const char *name, *text;
	int r = sd_bus_message_read(call, "(ss)", &name, &text);

	if (r <= 0)
		return r;
	if (*n == POLICY_FILES_MAX)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "a policy has at most %d files", POLICY_FILES_MAX);
	if (!name[0] || strlen(name) > NAME_MAX_BYTES)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "the name of a policy file has 1 to %d bytes",
					 NAME_MAX_BYTES);
	sources[*n] = (struct policy_source){.name = name, .text = text, .len = strlen(text)};
	*bytes += sources[*n].len;
	if (*bytes > BUS_PLAN_MAX_BYTES)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "colod plans a policy of at most %u KiB in all files "
					 "together; this one is larger",
					 BUS_PLAN_MAX_BYTES / 1024);
	++*n;
	return 1;
}

static void on_what_if(void *context, const struct what_if *what_if)
{
	cJSON **json = context;

	*json = what_if_json(what_if);
}

int bus_policy_plan(sd_bus_message *call, const struct bus_ops *ops, sd_bus_error *error)
{
	struct policy_source sources[POLICY_FILES_MAX];
	cJSON *json = NULL;
	size_t n = 0, bytes = 0;
	int r = sd_bus_message_enter_container(call, 'a', "(ss)");

	if (r < 0)
		return r;
	do
		r = read_file(call, sources, &n, &bytes, error);
	while (r > 0);
	if (r < 0)
		return r;
	if (n == 0)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"a policy of no file: name at least one");
	r = ops->what_if(ops->context, sources, n, on_what_if, &json);
	if (r == -ENODATA)
		return sd_bus_error_set(error, BUS_ERROR_NOTHING_YET,
					"colod has only just started and has seen nothing yet: "
					"ask again in a second");
	return r < 0 ? r : bus_reply_json(call, "colod-plan", json);
}
