// SPDX-License-Identifier: LGPL-2.1-or-later
// lend, incidents, score, node, metrics and dbus: what the node keeps, gives and shows. Reads single values.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/quantity.h"
#include "policy/reader.h"

#define HOUR_US 3600000000ull
#define PERCENTILE_MIN 50
#define PERCENTILE_MAX 99
#define INCIDENTS_COUNT_MAX 1000
#define INCIDENTS_SIZE_MIN (1ull << 20)
#define INCIDENTS_SIZE_MAX (1ull << 30)

static int read_percentile(struct reader *reader, const struct reader_key *key,
			   const struct read_node *node, void *field)
{
	if (reader_scalar(reader, node, key->accepts))
		(void)reader_number(reader, node, 0, PERCENTILE_MIN, PERCENTILE_MAX, "a percentile",
				    field);
	return 0;
}

static int read_margin(struct reader *reader, const struct reader_key *key,
		       const struct read_node *node, void *field)
{
	(void)key;
	(void)reader_permille(reader, node, 0, 1000, field);
	return 0;
}

static const struct reader_key lend_part_keys[] = {
	{.name = "percentile",
	 .read = read_percentile,
	 .offset = offsetof(struct lend_part, percentile),
	 .accepts = "50..99",
	 .schema = "\"type\":\"integer\",\"minimum\":50,\"maximum\":99"},
	{.name = "margin",
	 .read = read_margin,
	 .offset = offsetof(struct lend_part, margin_permille),
	 .accepts = "0.0% to 100.0%",
	 .schema = READER_SCHEMA_SHARE},
	{0},
};

static int read_part(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	struct lend_part *part = field;

	if (node->kind == READ_SCALAR && strcmp(node->text, "none") == 0) {
		part->on = false;
		return 0;
	}
	if (!part->on)
		*part = (struct lend_part){.on = true, .percentile = 95, .margin_permille = 100};
	return reader_mapping(reader, node, key->keys, key->name, part);
}

static int read_cold_start(struct reader *reader, const struct reader_key *key,
			   const struct read_node *node, void *field)
{
	(void)key;
	(void)reader_duration(reader, node, 0, 168 * HOUR_US, "0s to 168h", field);
	return 0;
}

const struct reader_key read_lend_keys[] = {
	{.name = "cpu",
	 .read = read_part,
	 .offset = offsetof(struct lend_policy, cpu),
	 .keys = lend_part_keys,
	 .accepts = "{percentile: 95, margin: 10%}, none"},
	{.name = "memory",
	 .read = read_part,
	 .offset = offsetof(struct lend_policy, memory),
	 .keys = lend_part_keys,
	 .accepts = "{percentile: 98, margin: 10%}, none"},
	{.name = "cold-start",
	 .read = read_cold_start,
	 .offset = offsetof(struct lend_policy, cold_start_us),
	 .accepts = "0s to 168h",
	 .schema = READER_SCHEMA_DURATION},
	{0},
};

static int read_quantity(struct reader *reader, const struct read_node *node,
			 const struct reader_key *key,
			 int (*parse)(const char *text, uint64_t *ret_value), uint64_t *ret_value)
{
	const char *text = reader_scalar(reader, node, key->accepts);
	char hint[DIAG_TEXT_SIZE];

	(void)snprintf(hint, sizeof(hint), "accepted: %s", key->accepts);
	if (text && parse(text, ret_value) < 0)
		reader_error(reader, node, hint, "\"%.60s\" is not such a quantity", text);
	return 0;
}

static int read_cpu(struct reader *reader, const struct reader_key *key,
		    const struct read_node *node, void *field)
{
	return read_quantity(reader, node, key, quantity_cpu_milli, field);
}

static int read_memory(struct reader *reader, const struct reader_key *key,
		       const struct read_node *node, void *field)
{
	return read_quantity(reader, node, key, quantity_bytes, field);
}

static int read_excess(struct reader *reader, const struct reader_key *key,
		       const struct read_node *node, void *field)
{
	(void)key;
	(void)reader_permille(reader, node, 1, 1000, field);
	return 0;
}

static int read_count(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	if (reader_scalar(reader, node, key->accepts))
		(void)reader_number(reader, node, 0, 1, INCIDENTS_COUNT_MAX,
				    "a number of incidents", field);
	return 0;
}

static int read_size(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	uint64_t bytes = 0;
	int r = read_quantity(reader, node, key, quantity_bytes, &bytes);
	char hint[DIAG_TEXT_SIZE];

	if (r < 0 || node->kind != READ_SCALAR || bytes == 0)
		return r;
	if (bytes >= INCIDENTS_SIZE_MIN && bytes <= INCIDENTS_SIZE_MAX) {
		*(uint64_t *)field = bytes;
		return 0;
	}
	(void)snprintf(hint, sizeof(hint), "accepted: %s", key->accepts);
	reader_error(reader, node, hint, "\"%.60s\" is out of range for a size", node->text);
	return 0;
}

const struct reader_key read_incidents_keys[] = {
	{.name = "excess",
	 .read = read_excess,
	 .offset = offsetof(struct incident_policy, excess_permille),
	 .accepts = "0.1% to 100.0%",
	 .schema = READER_SCHEMA_SHARE},
	{.name = "count",
	 .read = read_count,
	 .offset = offsetof(struct incident_policy, count),
	 .accepts = "1..1000",
	 .schema = "\"type\":\"integer\",\"minimum\":1,\"maximum\":1000"},
	{.name = "size",
	 .read = read_size,
	 .offset = offsetof(struct incident_policy, size_bytes),
	 .accepts = "bytes from 1Mi to 1Gi",
	 .schema = "\"type\":[\"string\",\"integer\"]"},
	{0},
};

const struct reader_key read_score_keys[] = {
	{.name = "calibrate",
	 .read = reader_bool,
	 .offset = offsetof(struct score_policy, calibrate),
	 .accepts = "true, false",
	 .schema = READER_SCHEMA_BOOL},
	{0},
};

static const struct reader_key reserve_keys[] = {
	{.name = "cpu",
	 .read = read_cpu,
	 .offset = offsetof(struct node_policy, reserve_cpu_milli),
	 .accepts = "CPUs like 500m or 2",
	 .schema = "\"type\":[\"string\",\"number\"]"},
	{.name = "memory",
	 .read = read_memory,
	 .offset = offsetof(struct node_policy, reserve_memory_bytes),
	 .accepts = "bytes like 512Mi",
	 .schema = "\"type\":[\"string\",\"integer\"]"},
	{0},
};

const struct reader_key read_node_keys[] = {
	{.name = "reserve", .read = reader_submapping, .keys = reserve_keys},
	{0},
};

/* An absolute path, or none. */
static int read_path(struct reader *reader, const struct reader_key *key,
		     const struct read_node *node, void *field)
{
	const char *text = reader_scalar(reader, node, key->accepts);
	char *path = field;

	if (!text)
		return 0;
	if (strcmp(text, "none") == 0)
		path[0] = '\0';
	else if (text[0] != '/' || strstr(text, "/../") || strlen(text) >= METRICS_TEXT_SIZE)
		reader_error(reader, node, "accepted: an absolute path, none",
			     "\"%.60s\" is not an absolute path", text);
	else
		(void)snprintf(path, METRICS_TEXT_SIZE, "%s", text);
	return 0;
}

/* Numbers about pods are nobody else's business: only the node itself may connect. */
static int read_listen(struct reader *reader, const struct reader_key *key,
		       const struct read_node *node, void *field)
{
	static const char *const hosts[] = {"127.0.0.1:", "[::1]:", "localhost:"};
	const char *text = reader_scalar(reader, node, key->accepts), *port = NULL;
	char *listen = field;
	uint32_t number;

	if (!text)
		return 0;
	if (strcmp(text, "none") == 0) {
		listen[0] = '\0';
		return 0;
	}
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (strncmp(text, hosts[i], strlen(hosts[i])) == 0)
			port = text + strlen(hosts[i]);
	if (!port)
		reader_error(reader, node, "accepted: 127.0.0.1:PORT, [::1]:PORT, none",
			     "\"%.60s\" is not an address of the loopback", text);
	else if (reader_number(reader, node, (size_t)(port - text), 1, 65535, "a port", &number) ==
		 0)
		(void)snprintf(listen, METRICS_TEXT_SIZE, "%s", text);
	return 0;
}

const struct reader_key read_metrics_keys[] = {
	{.name = "socket",
	 .read = read_path,
	 .offset = offsetof(struct metrics_policy, socket),
	 .accepts = "an absolute path, none",
	 .schema = READER_SCHEMA_TEXT,
	 .unenforced = true},
	{.name = "listen",
	 .read = read_listen,
	 .offset = offsetof(struct metrics_policy, listen),
	 .accepts = "127.0.0.1:PORT, none",
	 .schema = READER_SCHEMA_TEXT,
	 .unenforced = true},
	{.name = "textfile",
	 .read = read_path,
	 .offset = offsetof(struct metrics_policy, textfile),
	 .accepts = "an absolute path, none",
	 .schema = READER_SCHEMA_TEXT,
	 .unenforced = true},
	{0},
};

static int read_group(struct reader *reader, const struct reader_key *key,
		      const struct read_node *node, void *field)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	const char *text = reader_scalar(reader, node, key->accepts);
	struct policy *policy = field;

	if (!text)
		return 0;
	if (strlen(text) > 31 || text[strspn(text, letters)])
		reader_error(reader, node, "accepted: the name of a group, none",
			     "\"%.60s\" is not the name of a group", text);
	else
		(void)snprintf(policy->bus_group, sizeof(policy->bus_group), "%s",
			       strcmp(text, "none") == 0 ? "" : text);
	return 0;
}

const struct reader_key read_bus_keys[] = {
	{.name = "group",
	 .read = read_group,
	 .accepts = "the name of a group, none",
	 .schema = READER_SCHEMA_TEXT,
	 .unenforced = true},
	{0},
};
